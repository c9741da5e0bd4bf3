/*
 * lookup_kms.h: the KMS interface's own lookup, TS 33.180 D.2.7.  Private to
 * this folder.
 */
#ifndef LOOKUP_KMS_H
#define LOOKUP_KMS_H

#include "mcxgw/lookup.h"

/* What one document says, as far as it is of interest. */
struct lookup_kms_doc {
	struct gw_span user_uri; /* of the asker */
	struct gw_span url; /* ClientReqUrl */
	struct gw_span about; /* the user whose domains these are */
	bool has_lookup, has_error;
	uint64_t error_code;
	struct gw_lookup_answer answer;
};

#define LOOKUP_KMS_PATH	    "/keymanagement/identity/v1/lookup/"
#define LOOKUP_KMS_CODE_MAX 999999999

/**
 * Read the KmsResponse (KmsRequest) in a body, or a Signed one around it;
 * signatures are not looked at.
 *
 * GW_EMALFORMED, GW_ELIMIT, GW_ENOMEM  with place and reason
 */
enum gw_err lookup_kms_read(struct gw_arena *a,
    const struct gw_lookup_names *names, bool request, struct gw_span body,
    struct lookup_kms_doc *out, struct gw_fault *fault) GW_NODISCARD;

extern const struct gw_lookup_adapter lookup_kms;

#endif
