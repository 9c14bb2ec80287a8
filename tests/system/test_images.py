"""Makes what booted hosts start from, if it is not there yet: the first system test of a run."""

import guest
import image


def test_the_images_of_booted_hosts_can_be_made():
    assert (image.host_root() / "usr/lib/systemd/systemd").exists()
    assert (image.rpm_root() / "usr/bin/dnf").exists()
    assert (guest.snapshot() / "disk.qcow2").exists()
