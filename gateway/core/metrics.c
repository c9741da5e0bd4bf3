/*
 * metrics.c: the text format of Prometheus.
 */
#include "core/metrics.h"

static const struct {
	const char *kind, *name, *help;
} rows[METRIC_N] = {
#define METRIC(id, kind, name, help) [METRIC_##id] = { #kind, name, help },
#include "core/metrics.def"
#undef METRIC
};

/* The name without labels. */
static struct gw_span
family(size_t row)
{
	struct gw_span name = gw_span_of(rows[row].name);

	return gw_span_sub(name, 0, gw_span_find(name, 0, '{'));
}

static uint64_t
sum(const struct metrics *const *all, size_t n, size_t row)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += atomic_load_explicit(
		    &all[i]->at[row], memory_order_relaxed);
	return total;
}

void
metrics_text(const struct metrics *const *all, size_t n, struct gw_buf *out)
{
	for (size_t i = 0; i < METRIC_N; i++) {
		struct gw_span name = family(i);
		if (i == 0 || !gw_span_eq(name, family(i - 1)))
			gw_buf_fmt(out, "# HELP %.*s %s\n# TYPE %.*s %s\n",
			    GW_FMT(name), rows[i].help, GW_FMT(name),
			    rows[i].kind);
		if (i == METRIC_REDIRECT_NONE) /* is no reason */
			continue;
		gw_buf_fmt(out, "%s %llu\n", rows[i].name,
		    (unsigned long long)sum(all, n, i));
	}
}
