/*
 * lookup.c: the names of the KMS interface that are built in.
 *
 * The namespace is that of TS 33.180 D.3.5; KmsLookup is named in D.3.1.
 * What stands in it was not checked against TS 33.180 D.2.7, which could not
 * be read.
 */
#include "mcxgw/lookup.h"

const struct gw_lookup_names gw_lookup_names_3gpp = {
	.ns = GW_LIT("urn:3gpp:ns:mcsecKMSInterface:1.0"),
	.root = GW_LIT("KmsLookup"),
	.user = GW_LIT("UserUri"),
	.domain = GW_LIT("KmsUri"),
};
