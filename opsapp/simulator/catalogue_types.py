"""The concrete types of Graph's polymorphic collections (from the published metadata)."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEVICE_CONFIGURATIONS = _names(
    """
    androidCustomConfiguration androidDeviceOwnerDerivedCredentialAuthenticationConfiguration
    androidDeviceOwnerEnterpriseWiFiConfiguration androidDeviceOwnerGeneralDeviceConfiguration
    androidDeviceOwnerImportedPFXCertificateProfile androidDeviceOwnerPkcsCertificateProfile
    androidDeviceOwnerScepCertificateProfile androidDeviceOwnerTrustedRootCertificate
    androidDeviceOwnerVpnConfiguration androidDeviceOwnerWiFiConfiguration
    androidEasEmailProfileConfiguration androidEnterpriseWiFiConfiguration
    androidForWorkCustomConfiguration androidForWorkEnterpriseWiFiConfiguration
    androidForWorkGeneralDeviceConfiguration androidForWorkGmailEasConfiguration
    androidForWorkImportedPFXCertificateProfile androidForWorkNineWorkEasConfiguration
    androidForWorkPkcsCertificateProfile androidForWorkScepCertificateProfile
    androidForWorkTrustedRootCertificate androidForWorkVpnConfiguration
    androidForWorkWiFiConfiguration androidGeneralDeviceConfiguration
    androidImportedPFXCertificateProfile androidOmaCpConfiguration androidPkcsCertificateProfile
    androidScepCertificateProfile androidTrustedRootCertificate androidVpnConfiguration
    androidWiFiConfiguration androidWorkProfileCustomConfiguration
    androidWorkProfileEnterpriseWiFiConfiguration androidWorkProfileGeneralDeviceConfiguration
    androidWorkProfileGmailEasConfiguration androidWorkProfileNineWorkEasConfiguration
    androidWorkProfilePkcsCertificateProfile androidWorkProfileScepCertificateProfile
    androidWorkProfileTrustedRootCertificate androidWorkProfileVpnConfiguration
    androidWorkProfileWiFiConfiguration aospDeviceOwnerDeviceConfiguration
    aospDeviceOwnerEnterpriseWiFiConfiguration aospDeviceOwnerPkcsCertificateProfile
    aospDeviceOwnerScepCertificateProfile aospDeviceOwnerTrustedRootCertificate
    aospDeviceOwnerWiFiConfiguration editionUpgradeConfiguration iosCustomConfiguration
    iosDerivedCredentialAuthenticationConfiguration iosDeviceFeaturesConfiguration
    iosEasEmailProfileConfiguration iosEduDeviceConfiguration iosEducationDeviceConfiguration
    iosEnterpriseWiFiConfiguration iosExpeditedCheckinConfiguration iosGeneralDeviceConfiguration
    iosImportedPFXCertificateProfile iosPkcsCertificateProfile iosScepCertificateProfile
    iosTrustedRootCertificate iosUpdateConfiguration iosVpnConfiguration iosWiFiConfiguration
    iosWiredNetworkConfiguration iosikEv2VpnConfiguration macOSCustomAppConfiguration
    macOSCustomConfiguration macOSDeviceFeaturesConfiguration macOSEndpointProtectionConfiguration
    macOSEnterpriseWiFiConfiguration macOSExtensionsConfiguration macOSGeneralDeviceConfiguration
    macOSImportedPFXCertificateProfile macOSPkcsCertificateProfile macOSScepCertificateProfile
    macOSSoftwareUpdateConfiguration macOSTrustedRootCertificate macOSVpnConfiguration
    macOSWiFiConfiguration macOSWiredNetworkConfiguration sharedPCConfiguration
    unsupportedDeviceConfiguration windows10CustomConfiguration
    windows10DeviceFirmwareConfigurationInterface windows10EasEmailProfileConfiguration
    windows10EndpointProtectionConfiguration windows10EnterpriseModernAppManagementConfiguration
    windows10GeneralConfiguration windows10ImportedPFXCertificateProfile
    windows10NetworkBoundaryConfiguration windows10PFXImportCertificateProfile
    windows10PkcsCertificateProfile windows10SecureAssessmentConfiguration
    windows10TeamGeneralConfiguration windows10VpnConfiguration windows81GeneralConfiguration
    windows81SCEPCertificateProfile windows81TrustedRootCertificate windows81VpnConfiguration
    windows81WifiImportConfiguration windowsDefenderAdvancedThreatProtectionConfiguration
    windowsDeliveryOptimizationConfiguration windowsDomainJoinConfiguration
    windowsHealthMonitoringConfiguration windowsIdentityProtectionConfiguration
    windowsKioskConfiguration windowsPhone81CustomConfiguration windowsPhone81GeneralConfiguration
    windowsPhone81ImportedPFXCertificateProfile windowsPhone81SCEPCertificateProfile
    windowsPhone81TrustedRootCertificate windowsPhone81VpnConfiguration
    windowsPhoneEASEmailProfileConfiguration windowsUpdateForBusinessConfiguration
    windowsWifiConfiguration windowsWifiEnterpriseEAPConfiguration windowsWiredNetworkConfiguration
    """
)

COMPLIANCE_POLICIES = _names(
    """
    androidCompliancePolicy androidDeviceOwnerCompliancePolicy androidForWorkCompliancePolicy
    androidWorkProfileCompliancePolicy aospDeviceOwnerCompliancePolicy defaultDeviceCompliancePolicy
    iosCompliancePolicy macOSCompliancePolicy windows10CompliancePolicy
    windows10MobileCompliancePolicy windows81CompliancePolicy windowsPhone81CompliancePolicy
    """
)

MOBILE_APPS = _names(
    """
    androidForWorkApp androidLobApp androidManagedStoreApp androidManagedStoreWebApp androidStoreApp
    iosLobApp iosStoreApp iosVppApp iosiPadOSWebClip macOSDmgApp macOSLobApp
    macOSMicrosoftDefenderApp macOSMicrosoftEdgeApp macOSOfficeSuiteApp macOSPkgApp macOSWebClip
    macOsVppApp managedAndroidLobApp managedAndroidStoreApp managedIOSLobApp managedIOSStoreApp
    microsoftStoreForBusinessApp officeSuiteApp webApp win32CatalogApp win32LobApp winGetApp
    windowsAppX windowsMicrosoftEdgeApp windowsMobileMSI windowsPhone81AppX windowsPhone81AppXBundle
    windowsPhone81StoreApp windowsPhoneXAP windowsStoreApp windowsUniversalAppX windowsWebApp
    """
)

APP_CONFIGURATIONS = _names(
    """
    androidForWorkMobileAppConfiguration androidManagedStoreAppConfiguration
    iosMobileAppConfiguration
    """
)

ENROLLMENT_CONFIGURATIONS = _names(
    """
    deviceComanagementAuthorityConfiguration deviceEnrollmentLimitConfiguration
    deviceEnrollmentNotificationConfiguration deviceEnrollmentPlatformRestrictionConfiguration
    deviceEnrollmentPlatformRestrictionsConfiguration
    deviceEnrollmentWindowsHelloForBusinessConfiguration
    windows10EnrollmentCompletionPageConfiguration windowsRestoreDeviceEnrollmentConfiguration
    """
)

AUTOPILOT_PROFILES = _names(
    """
    activeDirectoryWindowsAutopilotDeploymentProfile azureADWindowsAutopilotDeploymentProfile
    """
)

NAMED_LOCATIONS = _names(
    """
    compliantNetworkNamedLocation countryNamedLocation ipNamedLocation privateLinkNamedLocation
    serviceTagNamedLocation
    """
)

ADE_PROFILES = _names(
    """
    depEnrollmentProfile depIOSEnrollmentProfile depMacOSEnrollmentProfile depTvOSEnrollmentProfile
    depVisionOSEnrollmentProfile
    """
)

POLICY_SET_ITEMS = _names(
    """
    deviceCompliancePolicyPolicySetItem deviceConfigurationPolicySetItem
    deviceManagementConfigurationPolicyPolicySetItem deviceManagementScriptPolicySetItem
    enrollmentRestrictionsConfigurationPolicySetItem iosLobAppProvisioningConfigurationPolicySetItem
    managedAppProtectionPolicySetItem managedDeviceMobileAppConfigurationPolicySetItem
    mdmWindowsInformationProtectionPolicyPolicySetItem mobileAppPolicySetItem
    targetedManagedAppConfigurationPolicySetItem
    windows10EnrollmentCompletionPageConfigurationPolicySetItem
    windowsAutopilotDeploymentProfilePolicySetItem
    """
)
