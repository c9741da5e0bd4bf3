/*
 * krr_dialect.c: the built-in dialect.
 *
 * Order and names of the children, Id and Version are unchecked: TS 33.180
 * D.4.4 could not be read.
 */
#include "codec/krr/krr_dialect.h"

static const struct krr_dialect builtin[] = { {
    .id = GW_LIT("3gpp"),
    .ns = GW_LIT("urn:3gpp:ns:mcsecKMSKRR:1.0"),
    .root = GW_LIT("KmsRedirectResponse"),
    .id_attr = GW_LIT("Id"),
    .version_attr = GW_LIT("Version"),
    .version = GW_LIT("1.0.0"),
    .n_fields = 8,
    .fields = {
	{ KRR_IS_AUTHOR, false, GW_LIT("ProcessorUri"), { NULL, 0 } },
	{ KRR_IS_TIME, false, GW_LIT("Time"), { NULL, 0 } },
	{ KRR_IS_INITIATOR, false, GW_LIT("InitiatorUri"), { NULL, 0 } },
	{ KRR_IS_INITIATOR_DOMAIN, false, GW_LIT("InitiatorKmsUri"),
	    { NULL, 0 } },
	{ KRR_IS_RECEIVER, false, GW_LIT("ReceiverUri"), { NULL, 0 } },
	{ KRR_IS_REFUSED_DOMAIN, false, GW_LIT("RejectedReceiverKmsUri"),
	    { NULL, 0 } },
	{ KRR_IS_RECEIVER_DOMAINS, true, GW_LIT("ReceiverKmsUriList"),
	    GW_LIT("KmsUri") },
	{ KRR_IS_EMBEDDED, false, GW_LIT("EmbeddedKrr"), { NULL, 0 } },
    },
    .lookup = &gw_lookup_names_3gpp,
} };

static const struct krr_dialects builtin_set = { NULL, GW_COUNT(builtin),
	builtin };

static const char *const words[KRR_IS_N] = {
	[KRR_IS_AUTHOR] = "author",
	[KRR_IS_TIME] = "time",
	[KRR_IS_INITIATOR] = "initiator",
	[KRR_IS_INITIATOR_DOMAIN] = "initiator-domain",
	[KRR_IS_RECEIVER] = "receiver",
	[KRR_IS_REFUSED_DOMAIN] = "refused-domain",
	[KRR_IS_RECEIVER_DOMAINS] = "receiver-domains",
	[KRR_IS_EMBEDDED] = "embedded",
	[KRR_IS_OTHER] = "other",
};

const struct krr_dialects *
krr_dialects_builtin(void)
{
	return &builtin_set;
}

const struct krr_dialect *
krr_dialect_find(const struct krr_dialects *set, struct gw_span id)
{
	for (size_t i = 0; i < set->n; i++)
		if (gw_span_ieq(set->at[i].id, id))
			return &set->at[i];
	return NULL;
}

void
krr_dialects_free(struct krr_dialects *set)
{
	if (set != NULL)
		gw_arena_free(set->arena);
}

const char *
krr_is_word(enum krr_is is)
{
	return words[is];
}
