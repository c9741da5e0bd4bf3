/*
 * lookup_adapters.c: the one place that knows which dialects there are.
 */
#include "adapters/lookup/lookup_domain.h"
#include "adapters/lookup/lookup_kms.h"

static const struct gw_lookup_adapter *const adapters[] = {
	&lookup_domain_xml_adapter,
	&lookup_domain_json_adapter,
	&lookup_kms,
};

const struct gw_lookup_adapter *const *
gw_lookup_adapters(size_t *n)
{
	*n = GW_COUNT(adapters);
	return adapters;
}

const struct gw_lookup_adapter *
gw_lookup_adapter(struct gw_span name)
{
	for (size_t i = 0; i < GW_COUNT(adapters); i++)
		if (gw_span_eq(name, gw_span_of(adapters[i]->name)))
			return adapters[i];
	return NULL;
}
