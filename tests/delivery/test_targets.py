"""Which URLs a person may enter, and which addresses are the internet's."""

import pytest

from opsapp.delivery.targets import checked_url, is_public, site_of


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "https://",
        "https:///hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://example.com/hook",
        "https://user:password@example.com/hook",
        "https://@example.com/hook",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: x",
        "https://example.com/ü",
        "https://exa\tmple.com/ü",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_what_cannot_be_a_webhook_is_refused(url):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        checked_url(url, private_hosts=False)


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://example.com", "https://example.com"),
        (" https://example.com:8443/a?b=c ", "https://example.com:8443/a?b=c"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
    ],
)
def test_a_url_is_kept_in_ascii(url, written):
    assert checked_url(url, private_hosts=False) == written


def test_plain_http_is_for_private_hosts():
    assert checked_url("http://intranet/x", private_hosts=True) == "http://intranet/x"


def test_of_a_url_only_its_site_is_shown():
    assert site_of("https://example.com:8443/secret?key=secret") == "https://example.com:8443"
    assert site_of("https://user:secret@example.com/") == "https://example.com"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1%eth0", "fd00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        # those that only lead to an IPv4 address: mapped, NAT64, 6to4, Teredo, compatible
        *("::ffff:127.0.0.1", "64:ff9b::a01:203", "2002:a01:203::1", "::a01:203"),
        "2001:0:808:808::f5fe:fdfc",
    ],
)
def test_an_address_inside_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)
