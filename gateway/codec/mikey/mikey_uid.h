/*
 * mikey_uid.h: the user identifier of TS 33.180 F.2.1.
 */
#ifndef MIKEY_UID_H
#define MIKEY_UID_H

#include "mcxgw/span.h"

#define MIKEY_UID_LEN 32

/**
 * UID of user under kms in the key period that holds ntp_seconds.  The hash
 * takes the octets of both URIs as they are.
 *
 * GW_EMALFORMED  period is 0, or offset is not below period, or ntp_seconds
 *                lies before the first period
 * GW_ENOMEM
 */
enum gw_err mikey_uid(struct gw_span user, struct gw_span kms, uint64_t period,
    uint64_t offset, uint64_t ntp_seconds,
    uint8_t out[MIKEY_UID_LEN]) GW_NODISCARD;

/**
 * The same for the number of a key period, whatever period and offset are.
 *
 * GW_EMALFORMED  a URI of more than 65535 octets
 * GW_ENOMEM
 */
enum gw_err
mikey_uid_of_period(struct gw_span user, struct gw_span kms, uint64_t period,
    uint64_t offset, uint64_t number, uint8_t out[MIKEY_UID_LEN]) GW_NODISCARD;

#endif
