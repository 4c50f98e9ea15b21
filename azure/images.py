"""What can be deployed in an Azure subscription from publishers, as a small sample: whose, what, and how it is paid."""

from dataclasses import dataclass

from azure.enums import ImageKind


@dataclass(frozen=True)
class Image:
    """An image or application of a publisher."""

    publisher: str
    name: str
    kind: ImageKind


IMAGES = (
    Image("Ferndale Linux", "Server 24.04 LTS", ImageKind.FREE),
    Image("Ferndale Linux", "Server 24.04 Pro, extended support", ImageKind.PAID),
    Image("Harborview Databases", "Cluster 12, own license", ImageKind.BRING_YOUR_OWN),
    Image("Harborview Databases", "Cluster 12, by the hour", ImageKind.PAID),
    Image("Kestrel Networks", "Virtual firewall, own license", ImageKind.BRING_YOUR_OWN),
    Image("Kestrel Networks", "Virtual firewall, pay as you go", ImageKind.PAID),
    Image("Open Workshop", "Wiki appliance", ImageKind.FREE),
)
