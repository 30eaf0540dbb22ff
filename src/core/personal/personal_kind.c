/*
 * personal_kind.c
 *		The kinds of personal data, with their names and categories.
 *
 * The categories are those of the taxonomy of fides (https://ethyca.github.io/fideslang, CC BY 4.0), release 3.2.
 */
#include "core/personal/personal.h"

static const struct
{
	const char *name;
	const char *category;
} kinds[CDPK_PERSONAL_KINDS] = {
	[CDPK_PERSONAL_EMAIL] = {"email", "user.contact.email"},
	[CDPK_PERSONAL_PHONE] = {"phone", "user.contact.phone_number"},
	[CDPK_PERSONAL_CARD] = {"card", "user.financial.credit_card"},
	[CDPK_PERSONAL_IBAN] = {"iban", "user.financial.bank_account"},
	[CDPK_PERSONAL_NATIONAL_ID] = {"national_id",
								   "user.government_id.national_identification_number"},
	[CDPK_PERSONAL_IP_ADDRESS] = {"ip_address", "user.device.ip_address"},
	[CDPK_PERSONAL_BIRTH_DATE] = {"birth_date", "user.demographic.date_of_birth"},
	[CDPK_PERSONAL_NAME] = {"name", "user.name"},
	[CDPK_PERSONAL_FIRST_NAME] = {"first_name", "user.name.first"},
	[CDPK_PERSONAL_LAST_NAME] = {"last_name", "user.name.last"},
	[CDPK_PERSONAL_USERNAME] = {"username", "user.account.username"},
	[CDPK_PERSONAL_PASSWORD] = {"password", "user.authorization.password"},
	[CDPK_PERSONAL_CREDENTIALS] = {"credentials", "user.authorization.credentials"},
	[CDPK_PERSONAL_ADDRESS] = {"address", "user.contact.address"},
	[CDPK_PERSONAL_STREET] = {"street", "user.contact.address.street"},
	[CDPK_PERSONAL_CITY] = {"city", "user.contact.address.city"},
	[CDPK_PERSONAL_STATE] = {"state", "user.contact.address.state"},
	[CDPK_PERSONAL_POSTAL_CODE] = {"postal_code", "user.contact.address.postal_code"},
	[CDPK_PERSONAL_COUNTRY] = {"country", "user.contact.address.country"},
	[CDPK_PERSONAL_LOCATION] = {"location", "user.location.precise"},
	[CDPK_PERSONAL_BANK_ACCOUNT] = {"bank_account", "user.financial.bank_account"},
	[CDPK_PERSONAL_FINANCIAL] = {"financial", "user.financial"},
	[CDPK_PERSONAL_PASSPORT] = {"passport", "user.government_id.passport_number"},
	[CDPK_PERSONAL_DRIVERS_LICENSE] = {"drivers_license",
									   "user.government_id.drivers_license_number"},
	[CDPK_PERSONAL_VEHICLE] = {"vehicle_registration", "user.government_id.vehicle_registration"},
	[CDPK_PERSONAL_AGE] = {"age", "user.demographic.age_range"},
	[CDPK_PERSONAL_GENDER] = {"gender", "user.demographic.gender"},
	[CDPK_PERSONAL_MARITAL_STATUS] = {"marital_status", "user.demographic.marital_status"},
	[CDPK_PERSONAL_ETHNICITY] = {"ethnicity", "user.demographic.race_ethnicity"},
	[CDPK_PERSONAL_RELIGION] = {"religion", "user.demographic.religious_belief"},
	[CDPK_PERSONAL_POLITICS] = {"political_opinion", "user.demographic.political_opinion"},
	[CDPK_PERSONAL_SEXUAL_ORIENTATION] = {"sexual_orientation",
										  "user.demographic.sexual_orientation"},
	[CDPK_PERSONAL_NATIONALITY] = {"nationality",
								   "user.demographic.citizenship_or_immigration_status"},
	[CDPK_PERSONAL_UNION] = {"union_membership", "user.demographic.union_membership"},
	[CDPK_PERSONAL_HEALTH] = {"health", "user.health"},
	[CDPK_PERSONAL_HEALTH_INSURANCE] = {"health_insurance", "user.health.insurance_beneficiary_id"},
	[CDPK_PERSONAL_GENETIC] = {"genetic", "user.health.genetic"},
	[CDPK_PERSONAL_BIOMETRICS] = {"biometrics", "user.biometrics"},
	[CDPK_PERSONAL_CRIMINAL] = {"criminal_history", "user.criminal_history"},
	[CDPK_PERSONAL_JOB_TITLE] = {"job_title", "user.professional_information.job_title"},
	[CDPK_PERSONAL_EMPLOYER] = {"employer", "user.professional_information.workplace"},
	[CDPK_PERSONAL_FAX] = {"fax", "user.contact.fax_number"},
	[CDPK_PERSONAL_SOCIAL_URL] = {"social_url", "user.contact.social_url"},
	[CDPK_PERSONAL_PHOTO] = {"photo", "user.content.self_image"},
	[CDPK_PERSONAL_DEVICE_ID] = {"device_id", "user.device.device_id"},
	[CDPK_PERSONAL_COOKIE_ID] = {"cookie_id", "user.device.cookie_id"},
	[CDPK_PERSONAL_PSEUDONYM] = {"pseudonym", "user.unique_id.pseudonymous"}};

const char *
cdpk_personal_name(CdpkPersonal kind)
{
	return kinds[kind].name;
}

const char *
cdpk_personal_category(CdpkPersonal kind)
{
	return kinds[kind].category;
}
