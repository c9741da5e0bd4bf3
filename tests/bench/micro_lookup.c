/*
 * micro_lookup.c: what remembered lookups take: memory, and CPU of a call.
 *
 * usage: bench_micro_lookup users N
 *        bench_micro_lookup calls never|cached N
 *
 * "users" fills the cache of one worker with N users of 45 octets, in one or
 * two security domains that each permit two external ones, and tells the
 * memory of the process, and what finding and reading one costs.  "calls"
 * takes N calls through an engine, by a rule that asks no lookup service or
 * with an answer that is remembered; to be counted by
 *
 *   valgrind --tool=callgrind --toggle-collect=core_message ...
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/lookup_cache.h"
#include "support/tlookup.h"

#define USER_MAX 64
#define ARENA	 ((size_t)1 << 16)
#define FINDS	 4000000

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of the process, in MiB. */
static double
resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%lu %lu", &size, &pages) != 2)
		exit(3);
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static struct gw_span
user(char text[USER_MAX], unsigned long n)
{
	snprintf(text, USER_MAX, "sip:user%010lu@mcptt.somewhere.border.eu", n);
	return gw_span_of(text);
}

static struct gw_lookup_answer
answer(unsigned long n)
{
	static const struct gw_span external[] = { GW_LIT("kms.alpha.example"),
		GW_LIT("kms.charlie.example") };
	static const struct gw_lookup_domain domains[] = {
		{ GW_LIT("kms.bravo.example"), true, 2, external },
		{ GW_LIT("kms.bravo-tac.example"), true, 2, external }
	};
	struct gw_lookup_answer a = { .n_domains = (uint16_t)(1 + n % 2) };

	memcpy(a.domains, domains, sizeof(domains));
	return a;
}

static void
learn(struct lookup_cache *t, struct lookup_service *s, unsigned long n)
{
	char text[USER_MAX];
	struct gw_lookup_answer a = answer(n);
	struct lookup_entry *e = lookup_cache_add(t, s, user(text, n));
	struct lookup_kept *k = lookup_kept_get(lookup_cache_kepts(t), &a);

	if (e == NULL || k == NULL)
		exit(3);
	lookup_cache_answer(t, e, k, 0, 1000);
	lookup_cache_put(t, e, false);
}

static void
use(struct lookup_cache *t, struct lookup_service *s, struct gw_arena *arena,
    unsigned long n)
{
	char text[USER_MAX];
	struct gw_lookup_answer a;
	struct lookup_entry *e = lookup_cache_find(t, s, user(text, n));

	gw_arena_reset(arena);
	if (e == NULL || !lookup_kept_read(e->answer, arena, &a))
		exit(1);
	lookup_cache_use(t, e);
}

static int
users(unsigned long n)
{
	static const uint8_t key[GW_SIPHASH_KEY_LEN] = { 1 };
	struct gw_arena *arena = gw_arena_new(ARENA);
	double before = resident(), start;
	struct lookup_cache *t = lookup_cache_new(n, key);
	struct lookup_service *s = lookup_service_new(1, 0);

	if (t == NULL || s == NULL || arena == NULL)
		return 3;
	start = seconds();
	for (unsigned long i = 0; i < n; i++)
		learn(t, s, i);
	printf("%-32s %9zu users\n", "remembered", lookup_cache_count(t));
	printf("%-32s %9.0f ns\n", "learn one",
	    (seconds() - start) * 1e9 / (double)n);
	printf(
	    "%-32s %9.1f MiB\n", "memory of the process", resident() - before);
	start = seconds();
	for (unsigned long i = 0; i < FINDS; i++)
		use(t, s, arena, i * 7919 % n);
	printf("%-32s %9.0f ns\n", "find, read and use one",
	    (seconds() - start) * 1e9 / FINDS);
	lookup_cache_free(t);
	lookup_service_unref(s);
	gw_arena_free(arena);
	return 0;
}

static void
one_call(struct tlookup *t, const struct tcall *c)
{
	tlookup_again(t, c);
	talk_crossed(&t->talk, 5090);
	talk_answer(&t->talk, RIG_BRAVO, 486, NULL, NULL);
}

static int
calls(bool cached, unsigned long n)
{
	static const struct tcall plain = { 0 };
	static struct tlookup t;

	tlookup_open(&t,
	    &(struct tlookup_settings){
		.rule = cached ? "lookup=\"always\"" : "lookup=\"never\"" });
	if (cached) {
		tlookup_again(&t, &plain);
		tlookup_waits(&t);
		tlookup_answer(
		    &t, 200, TLOOKUP_BODY(3000, TLOOKUP_BRAVO, TLOOKUP_TAC));
	}
	for (unsigned long i = 0; i < n; i++)
		one_call(&t, &plain);
	tlookup_close(&t);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t n = 0;
	bool counted = argc >= 3 &&
		       gw_span_to_u64(gw_span_of(argv[argc - 1]), 100000000,
			   &n) == GW_OK &&
		       n > 0;

	if (counted && argc == 3 && strcmp(argv[1], "users") == 0)
		return users(n);
	if (counted && argc == 4 && strcmp(argv[1], "calls") == 0)
		return calls(strcmp(argv[2], "cached") == 0, n);
	fprintf(stderr, "usage: bench_micro_lookup users N\n"
			"       bench_micro_lookup calls never|cached N\n");
	return 2;
}
