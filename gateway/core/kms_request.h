/*
 * kms_request.h: what a request asks of a KMS (TS 33.180 D.2).
 *
 *   /keymanagement/identity/v1/init
 *                             /keyprov[/USER[/PERIOD]]
 *                             /cert/KMS-URI
 *                             /certcache[/NUMBER]
 *                             /redirect
 *
 * USER and KMS-URI are percent-encoded; the path is cut at '/' before they
 * are decoded.  The body is empty, or a KmsRequest (with what may be around
 * it) that names the KMS and the user.
 */
#ifndef KMS_REQUEST_H
#define KMS_REQUEST_H

#include "mcxgw/arena.h"
#include "mcxgw/http.h"
#include "policy/policy.h"

#define KMS_REQUEST_ROOT "/keymanagement/identity/v1/"

struct kms_request {
	enum policy_kms_request what;
	struct gw_span kms; /* of cert: whose certificate */
	struct gw_span user; /* for whom, by path or body; may be empty */
	struct gw_span to; /* the KmsUri of the body; may be empty */
};

/**
 * Read r.  Decoded texts are in a.  out->what is set unless the path is none
 * of these, the rest on success.
 *
 * GW_ENOTFOUND     the path is none of these
 * GW_EMALFORMED    one of these, but something in it is wrong
 * GW_EUNSUPPORTED  not a POST
 * GW_ENOMEM
 */
enum gw_err
kms_request_read(struct gw_arena *a, const struct gw_http_request *r,
    struct kms_request *out, struct gw_fault *fault) GW_NODISCARD;

#endif
