"""How a person proves who it is: password, second factor, passkey, provider; sessions; fresh sign-in (decision 0005).

django-allauth is the engine: login stages, codes, WebAuthn, OpenID Connect. What it leaves open stands here.
"""
