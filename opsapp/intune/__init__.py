"""What OpsApp knows about Intune's objects: pure logic, no I/O, nothing of ours."""
