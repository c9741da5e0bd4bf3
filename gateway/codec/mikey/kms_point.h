/*
 * kms_point.h: the public points of a KMS certificate.
 */
#ifndef KMS_POINT_H
#define KMS_POINT_H

#include "mcxgw/span.h"

#define KMS_SAKKE_POINT_LEN 257

/**
 * Is s an uncompressed point of the SAKKE curve of parameter set 1 (RFC 6509,
 * appendix A)?  The gateway never uses it; a certificate with a damaged key
 * should not wait for a phone to be found out.
 *
 * GW_EMALFORMED  it is not
 * GW_ENOMEM
 */
enum gw_err kms_point_check_sakke(struct gw_span s) GW_NODISCARD;

#endif
