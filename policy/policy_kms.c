/*
 * policy_kms.c: KMS traffic that one system sends to another's KMS.
 */
#include "policy/policy_int.h"

const char *
policy_kms_request_name(enum policy_kms_request what)
{
	static const char *const names[POLICY_KMS_N] = {
		[POLICY_KMS_INIT] = "init",
		[POLICY_KMS_KEYPROV] = "keyprov",
		[POLICY_KMS_CERT] = "cert",
		[POLICY_KMS_CERTCACHE] = "certcache",
		[POLICY_KMS_REDIRECT] = "redirect",
	};

	return (size_t)what < POLICY_KMS_N ? names[what] : "unknown";
}
