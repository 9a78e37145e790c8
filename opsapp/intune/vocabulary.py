"""Words that occur run together in the ids of settings: what ``words.separated`` knows.

Regular plurals are understood and not listed.
"""

_SPELT = """
    AAD ActiveX ADMX AES AirDrop AirPlay AirPrint API AppLocker ASR Azure Bing BIOS BitLocker
    BITS Bluetooth BranchCache Chrome CLSID COM Copilot Cortana CPU CRL CSP DCOM Defender DHCP
    DLL DMA DNS DVR EAP Edge Excel FaceTime FIDO FileVault FIPS FTP Google GPO GPU HSTS HTML
    HTTP HTTPS HVCI iCloud ICMP ID IDs IE IME iMessage InPrivate Intune iOS IP IPs IPsec IRM
    iTunes Java JavaScript JScript KDC Kerberos KFM LAPS LDAP Linux LLMNR LSA LSASS Mac macOS
    MDM MFA Microsoft MIME MSI MSS NetBIOS NFC NTFS NTLM NTP OAuth OCSP OEM OLE OMA OneDrive
    OneNote OS Outlook PAC PDF PIN PINs PKI PowerPoint PowerShell PST PUA QoS QUIC RDP RPC RSS
    RTC RTF Safari SAML SCEP SDK SEHOP SHA SharePoint SID Siri SmartScreen SMB SMS SMTP SSID SSL
    SSO TCC TCP TDC Teams TLS TPM UAC UDP UEFI UI UNC UPN URI URL URLs USB UWP VBA VBScript Visio VM
    VMs VPN WDAC WDigest WebRTC WEP Windows WinRM WLAN WMI WPA WSL Xbox XML XPS XSS XTS
"""
SPELLINGS = {word.lower(): word for word in _SPELT.split()} | {
    "appleid": "Apple ID",
    "smime": "S/MIME",
    "wifi": "Wi-Fi",
}

_PLAIN = """
    a about above absence absolute abuse abusive accept access accessibility accessories
    accessory account acknowledged acquisition acrobat act action activate activated activates
    activation active activity actual adaptive add added adding additional address addresses
    adjust admin administrative administrator adml adobe ads advanced advertisement advertising
    after again against age agent aggressive aggressiveness agrees ahead aip alert algorithm
    alias all allocation allow allowed allowlist alphanumeric already alt alternate alternative
    always amsi an and anim anonymous anonymously another answers anti antimalware antispyware
    antitheft antivirus any anyway apn app appcontainer appearance append apple applet
    application applied apply approval approved apps appstore appx arbitrary archive are area
    arm arranged array article as ascii ask asks aslr assembler assertion assessment assigned
    assignment assist assistance assistant associate associated association at attach attachment
    attack attempt attestation attribute audio audit audited auditing auth authenticate
    authenticated authentication authenticity authenticode author authoritative authority
    authorization auto autocomplete autoconfig autodetect autodiscover autofill automatic
    automatically automation autoplay autorun autosave autoupdate availability available average
    avg avoid aware away
    back background backoff backup bad badges balance bandwidth banner bar base based baseline
    basic batch battery bcd bcrypt be beacon become bed bedtime before begin behavior being bho
    bias binaries binary bind binder biometric bit blank block blocked blocker blocking
    blocklist blogging body bonjour bookmark bookstore boost boosted boot both bound boundary
    box boxes branch break bridge brightness bring broadcast broker browse browser browsing
    budget buffer build builder built bundle burning burst business but button by bypass byte
    ca cab cache cached caching cad cadence calculator calendar call callback called caller
    callouts camera can cancel cannot cap capabilities capability capable capture card carplay
    cas case cast catalog catchup categories category cbc cd cdm cdn cdp cell cellular center
    central cert certificate certification cfg challenge change changed changing channel char
    character chart chassis chat check checked checker checking child children choice choose
    cipher cis claims class classes classic classification classroom clean cleaned cleanup clear
    cleared click client clip clipboard clock close closed closing cloud cloudlet clutter cmd
    cmdlet cng code codec collaboration collapsible collect collection colon color column
    combination come comma command comment common communication companion company compatibility
    compatible complete completed completion complex complexity compliance compliant component
    compose compress compressed compression computation computer concurrent condition
    conditional conference config configurable configuration configure configured confirm
    conflict connect connected connecting connection connectivity connector consent consistent
    console consumer contact contain container content context continue contoso control
    controlled controller conversion convert converter cookie copied copy core correct
    correlation corrupt corruption cors cost count counter countermeasure country cpl crash
    create created creating creation creator cred credential credit criterion critical cross crt
    crypto cryptographic cryptography csr ctls ctrl curated currency current custom customer
    customization customize customized customizing cut cve
    daemon daily dashboard data database datagram date day days dc dde deadline debug debugger
    debugging decision default defense defer deferral deferred define defined definition
    degraded del delay delegate delegated delegation delete deleted deleting deletion delivery
    demand deny dep deploy deployment deprecated depth derived desc description descriptor
    designer desktop destination detail detailed detect detected detection determine dev
    developer development device diagnostic dial dialect dialog dictation dictionaries
    dictionary diff different digest digit digital digitally dim dimming direct direction
    directories directory disable disabled disabling disallow disallowed disc disconnect
    disconnected discover discoverable discovery disk dismiss display displayed disqualified
    distance distributed distribution distro dnssec do dock document does doh domain donation
    done dont doorcam double down download downloaded downloading doze dpapi drag dragging draw
    drive driver drm drop dropdown dropped dsi dual dump duplicate duration during dvd dynamic
    each earlier early ease easy ecc ecdsa ecp ecs edges edit editing editor eea effective efs
    element elevate elevated elevation eligible email embedded embedding emergency empty ems
    emulation enable enabled enabling enclave enclosure encoding encrypt encrypted encrypting
    encryption end endpoint energy enforce enforced enforcement engine english enhance enhanced
    enhancement enlighten enroll enrolled enrollment enter enterprise entire entries entropy
    entry enum enumerate enumeration environment ephemeral equal equation erase erotica error
    escrow esp ess essential establish etl etree evaluate evaluation event eventlog every evict
    exact exam example except exception exchange exclude excluded exclusion exe executable
    execute executing execution exempt exemption exists exit expand expedited experience
    experiment experimental expiration expire expired expiry explicit exploit exploited explorer
    export expose exposure extended extensibility extensible extension external externally extra
    extract extracting
    face facial factor fail failed failure fallback family fast fault fax fdv feature feed
    feedback fetch fetching few field file filter filtered filtering find findmy fingerprint
    finish finished firewall firmware first fix fixed flag flash flight flighting floating
    floppy flow folder follow followed font for force forced forcible foreground forest forgery
    form format former formula forward forwarding found fqdn frame framework fre free freq
    frequency friendly friends from front full fullscreen function functionality fuzzing fuzzy
    gaa gallery game gamer gaming gap gate gateway gcm general generate generated generation
    generative generator generic genmoji geo geolocation gestures get global globally good
    governance gpt grace grade granted granularity graph graphics groove group guard guest gui
    guid guide guided
    handle handler handling handoff handwriting hang hard hardened hardening hardware has hash
    hashes have header health heap hearing heartbeat height hello help heuristic hfs hibernate
    hibernation hid hidden hide high highest history hold home homegroup homepage honor
    horizontal host hosted hostname hotspot hour hover hub human hybrid hyper hyperlink
    hypervisor
    iap ibooks ibss icmpv icon ics identification identified identifier identity idle idp if
    iframe ignore ignored ignoring ikev image imap immediate impersonate impersonated
    impersonation implicit import importance imported improvement in inactive inactivity inbound
    inbox include included including incognito incoming increase increment indent independent
    index indexer indexing indicate indicator individual info infopath inform information
    ingress inherit init initial initialization initialize initialized initiated inject
    injecting injection ink inline input insecure insert insider insights inspection install
    installation installed installer installing instance instant integer integrated integration
    integrity intel intellectual intelligence intelligent interaction interactive interception
    interest interface internal internet interoperability interrupt interval intervention into
    intranet intrusion intrusive invalid inventory invitation invocation invoke ioav ipv
    irrelevant is isatap iso isolated isolation issuance issue issuer item iwa
    jit job jobs join joined jump jumplist junk just
    ke keep kerberoast kernel key keyboard keychain keylocker keys keystone keyword kill kind
    kiosk known ksp
    lab label labs lan language lanman large last late latency later latest launch launcher
    launching layer layout lead learn learning least leave led legacy length lens less let
    letter level library license licensing lid lidclose life lifetime ligature light limit
    limitations limited limiter line link linked linkedin linking list listed listen listener
    listening live lm load loaded loading local locale locally location lock lockdown locked
    locker locking lockout log logged logging login logo logoff logon logs long look lookalike
    lookup loopback loss low lower lowercase lpt lsarpc lync
    machine macro made magnifier mail mailbox mailboxes main maintenance make malicious malware
    man manage managed management manager manifest manipulation manual manually many map mapi
    mapped mapping mark marked market marketplace markup mask master match matched matches
    matching math max maximum may mda measure mechanism media meet meeting meetup member
    membership memory menu merge message messaging messenger meta metadata metered method metric
    mgmt mht microphone migration min minimize minimum minor minute miracast mirroring
    miscellaneous missing mitigation mitm mix mixed mobile modal mode model modification
    modified modify module moment money monitor monitored monitoring month monthly more motion
    mount mouse move movie mru ms msa msft mtls mtp mtu much multi multicast multiple music must
    mute my
    name named narrator nat native nav navigate navigation ncsi ndes near needed nested net
    netlogon network networked networking never new newer news next ngsc nla no nodes non none
    nonsensitive normal not note notepad notification notify now nuance null number numeric
    obfuscated object observation obtain occur odbc odp ods odt of off offer office offline
    offset often oidc ok old older omit on once one online only onto oobe oom opaque open opened
    opening operating operation operational opt optimization optimize optimized option optional
    or oracle order ordering organization oriented origin original originator ostree other our
    out outbound outcome outdated outlk output outside over overlay override overwrite own owner
    ownership
    pack package packaged packet page pagefile paint pair paired pairing pane panel parallel
    parameter parental part partial parties partition party pass passbook passcode passive
    passkey passphrase passport password passwordless paste patch path pattern pause paused pay
    payload payment pc pcr pde ped peer peering pen pending people per percent percentage
    perform performance period periodic peripheral permanent permission permit permitted persist
    persistence persistent person persona personal personalization personalized phi phishing
    phone photo physical picker picture pii ping pinned pipe pixel place placed placement plain
    plan platform play player plug plugged plugin png pnp point pointer pol policies policy poll
    polling pool pop popup port portable portal portrait position positive post potentially
    power pptx pre preboot prebuilt predefined predict prediction pref prefer preference
    preferred prefetch prefix preload preloading prelogin prem premium prerelease presence
    present presentation preserve prevalence prevent prevented prevention preview previous
    primary principal print printer printing prior priority privacy private privilege privileged
    pro problem procedure proceed process processes processing processor product profile
    profiling program programmatic prohibit prohibited project projection promoting promotional
    prompt prompted prompting proof proofing propagate properties property protect protected
    protection protocol provide provided provider provision provisioning proxies proximal
    proximity proxy psexec psk psr public publish published publisher publishing pull pulse
    purge push put pwa
    qualified quality quarantine queries query question queue quick quiet quota quote
    race random randomization randomize range ransomware rapid ras rate rating raw rc rdg rdv
    read reader readiness reading real realtime reason reauth reauthentication reboot rebooting
    receive received recent recently recipient recognition recommend recommendation recommended
    reconnect record recorded recorder recording recovery recycle redirect redirected
    redirection redirector reduce reduced reduction reference refresh refuse regedit region
    register registered registration registry regular reinstall reject related relation relative
    relaunch relay release reliability reliance reliant remaining remediation remember remind
    reminder remote remotely removable removal remove removed removing rename renderer rendering
    renew renewal reopen repair replace replacement replay replication replies reply report
    reported reporting repost representation republish reputation request requested require
    required requirement research reserve reset resiliency resolution resolve resource response
    rest restart restore restrict restricted restricting restriction result resume retail retain
    retention retirement retransmissions retries retrieval retrieve retrieving retroactive retry
    return reuse reveal reverse review revocation revoke rewards rich right ring risk risky roam
    roaming role root rotate rotation round route router routinely routing row rsop rtp rule run
    running runs runtime
    safe safer safety sam same sample samr san sandbox sas save saved saver saving say scan
    scanned scanner scanning sccm schedule scheduled scheduler scheduling schema scheme scope
    scoped screen screensaver screenshot screentime script scripted scripting scriptlet scroll
    sdlc seamless search searches second secondary secret section sectors secure secured
    security see seed segment select selected selecting selection self send sender sending sense
    sensitive sensor sent separate separator serial series server service session set sets
    setting setup several severe severity shadow shape share shared sharing sheet shell shielded
    shift shockwave shopping short shortcut should show showing shown shut shutdown sibling side
    sidebar sidecar sideload sign signatory signature signed signer signin signing silent
    silently similar simple single sip site size sketch skip sleep sleeping slide slideshow slot
    slow smart smartcard snap snapshot sni sniffing social socket socks software solicited
    solitaire sound source space spam span spatial speaker special specific specified specify
    speech speed spell spellcheck spelling spn spoof spoofing spooler spotlight spreadsheet
    spynet spyware sql ssdp ssn ssp ssrf stable stage staging stakeholder stand standalone
    standard standby start starting startup state stateful statefull statements static station
    status stealing stealth step sticker sticky stig stop storage store stored storing stream
    streaming strength strict strictly string strong structured style sub subject submission
    submit subnet subscribed subscription subsystem success such sudo suffix suggest suggested
    suggestion suite summary supervised supervision support supported suppress surface survey
    suspend svc svg swap switch switching symbol symbolic sync synced synchronization
    synchronize syncing sysprep system sysvol
    tab table tablet tabs tag tags tailored take taking tamper tap tape taps target targeted
    task taskbar taskview tcg teaching team teamviewer technical technology telemetry teletext
    temp template temporary tenant tensor teredo term terminal terminate terminated termination
    test tethering text than that the theft their them theme then there these they third this
    those thread threat threshold throttle throttling through thumbnail thunderbolt ticket tile
    time timeline timeout timer timestamp timing tip tips title to toast toggle token too tool
    toolbar top total touch trace tracert tracing track tracker tracking traffic training
    transcription transfer transform transition translate translation transmission transmit
    transparency transport traverse tray tree trial trigger troubleshoot troubleshooter
    troubleshooting trust trusted try ttl tunnel turn tutorial two type typed typing
    typosquatting
    udisks ulimit unable unattended unauthenticated unavailable uncommon undefined under
    underline unencrypted unenroll unenrollment unexpected unhandled unicast unicode uninstall
    unique universal unknown unless unload unlock unlocked unmanaged unpinned unplugged
    unprotected unrequested unrestricted unsafe unsaved unsecured unsigned unsolicited
    unspecified unsupported until untrusted unused unwanted up update updated updater upgrade
    upload uploaded uploading upper uppercase usage use used user username uses using utility ux
    vacation valid validate validation value variable variations vault vbs vdi vendor verb
    verification verified verify version vertical vhd via vibrate video view viewer viewing
    violation virtual virtualization virtualize virus visibility visible vision visit visited
    visual voice voip volume vtpm vulnerable
    wac wait wake walk wall wallet wallpaper wan want warn warning watch watchdog wcn weak
    weather web webauthn webcam webcontent webdav webgl webmail webserver website webview week
    weekday weekend weekly welcome well what when where whether which while white whitelist who
    wia wide widget width wildcard will win window winget winhttp winlogon winproj wins wipe
    wireless with within without wizard wns word work workbook worker workflow workgroup working
    workplace worksheet workspace workstation world would wow wpad wpn wrap writable write
    writing ws wts wwan
    xaml xhr xlam xls xp xr
    year yes you your
    zip zone zoom zsl
"""

WORDS = SPELLINGS.keys() | set(_PLAIN.split())
