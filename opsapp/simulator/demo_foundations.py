"""What other objects refer to: scope tags, assignment filters, notification templates."""
# ruff: noqa: RUF001 (names as people type them)

from typing import Any

from opsapp.simulator.demo_builder import Demo

# name, platform, rule, companies
_FILTERS = (
    ("Corporate Windows", "windows10AndLater", '(device.deviceOwnership -eq "Corporate")', ""),
    ("Personal Windows", "windows10AndLater", '(device.deviceOwnership -eq "Personal")', ""),
    ("Windows 11 only", "windows10AndLater", '(device.osVersion -startsWith "10.0.2")', ""),
    (
        "Virtual machines",
        "windows10AndLater",
        '(device.model -contains "Virtual") or (device.model -startsWith "Cloud PC")',
        "cn",
    ),
    ("ARM64 laptops", "windows10AndLater", '(device.cpuArchitecture -eq "arm64")', "f"),
    ("Supervised iPads", "iOS", '(device.model -startsWith "iPad")', ""),
    ("Android fully managed", "androidForWork", '(device.enrollmentProfileName -ne "")', "cf"),
    ("Apple silicon", "macOS", '(device.model -contains "Mac1")', "cn"),
)
_TAGS = {
    "contoso": ("EMEA", "Americas", "Lab & R&D"),
    "fabrikam": ("Plant 1", "Plant 2", "Plant 3", "Office"),
    "northwind": ("Stores", "Head office"),
}
_ALL_LOGOS = "includeCompanyLogo,includeCompanyName,includeContactInformation"

# locale, subject, text
_WARNING = (
    (
        "en-us",
        "Your device needs attention",
        (
            "Hello {{UserName}},\n\nyour device {{DeviceName}} does not meet our security rules. "
            "Please update it within 3 days.\n\nService desk"
        ),
    ),
    (
        "de-de",
        "Ihr Gerät benötigt Aufmerksamkeit",
        (
            "Guten Tag {{UserName}},\n\nIhr Gerät {{DeviceName}} entspricht nicht unseren "
            "Vorgaben. Bitte aktualisieren Sie es innerhalb von 3 Tagen."
        ),
    ),
    (
        "fr-fr",
        "Votre appareil nécessite une action",
        (
            "Bonjour {{UserName}},\n\nvotre appareil {{DeviceName}} n’est pas conforme. "
            "Merci de le mettre à jour sous 3 jours."
        ),
    ),
    (
        "pl-pl",
        "Twoje urządzenie wymaga uwagi",
        (
            "Dzień dobry {{UserName}},\n\nurządzenie {{DeviceName}} nie spełnia naszych zasad. "
            "Zaktualizuj je w ciągu 3 dni."
        ),
    ),
    (
        "he-il",
        "המכשיר שלך דורש טיפול",
        "שלום {{UserName}},\n\nהמכשיר {{DeviceName}} אינו עומד בדרישות האבטחה.",
    ),
)
_BLOCKED = (
    (
        "en-us",
        "Access from {{DeviceName}} is blocked",
        "{{DeviceName}} has been blocked from company data since it is not compliant.",
    ),
    (
        "es-mx",
        "Acceso bloqueado desde {{DeviceName}}",
        "{{DeviceName}} ya no tiene acceso a los datos de la empresa.",
    ),
    (
        "ja-jp",
        "{{DeviceName}} からのアクセスはブロックされました",
        "{{DeviceName}} はポリシーに準拠していません。",
    ),
)


def fill(demo: Demo) -> None:
    """Tags and filters come before everything that names them."""
    demo.add(
        "roleScopeTags",
        "default",
        {
            "displayName": "Default",
            "description": "Objects without another tag carry this one.",
            "isBuiltIn": True,
        },
    )
    for number, tag in enumerate(_TAGS[demo.slug]):
        assigned = [f"+site-{number}"]
        content = {"displayName": tag, "description": f"Administrators of {tag}"}
        demo.add("roleScopeTags", tag, content, assigned)
    for name, platform, rule, only in _FILTERS:
        if demo.has(only):
            content = {"displayName": name, "platform": platform, "rule": rule, "description": ""}
            demo.add("assignmentFilters", name, content)
    _template(demo, "warning", demo.title("All", "Compliance", "First warning"), _WARNING)
    _template(demo, "blocked", demo.title("All", "Compliance", "Access blocked"), _BLOCKED)
    if demo.has("cf"):
        _template(demo, "retired", demo.title("All", "Compliance", "Device retired"), _BLOCKED[:1])


def _template(demo: Demo, key: str, name: str, texts: tuple[tuple[str, str, str], ...]) -> None:
    default = demo.pick("en-us", texts[min(2, len(texts) - 1)][0], "en-us")
    messages: list[dict[str, Any]] = [
        {
            "locale": locale,
            "subject": subject,
            "messageTemplate": text,
            "isDefault": locale == default,
        }
        for locale, subject, text in texts
    ]
    content = {
        "displayName": name,
        "brandingOptions": _ALL_LOGOS,
        "localizedNotificationMessages": messages,
    }
    demo.add("notificationMessageTemplates", key, content)
