/*
 * fuzz_sip_frame.c: for any stream
 *   1. the frames are the same, however the stream is cut; and so is the
 *      error at its end
 *   2. no frame is longer than the limit or than what has arrived
 *   3. the message reader agrees on where a framed message ends
 *
 * The first octet of the input says how the stream is cut.
 */
#include <stdlib.h>

#include "codec/sip/sip_frame.h"
#include "codec/sip/sip_msg.h"

#define MAX	   60000
#define FRAMES_MAX 64

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

struct trace {
	size_t n;
	struct sip_frame at[FRAMES_MAX];
	enum gw_err err; /* GW_EMORE or what ended it */
	size_t fault_at; /* in the stream */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_message(struct gw_span in)
{
	static struct sip_msg m;
	struct gw_fault fault;

	if (sip_msg_parse(in, &m, &fault) == GW_OK)
		CHECK(m.raw.len == in.len);
}

/* Feed the stream in steps of step octets and note what comes out. */
static void
run(struct gw_span stream, size_t step, struct trace *t)
{
	struct sip_framer f = { 0 };
	struct gw_fault fault = { 0, NULL };
	struct sip_frame frame;
	size_t from = 0, have = 0;

	*t = (struct trace){ .n = 0, .err = GW_EMORE };
	while (t->n < FRAMES_MAX) {
		struct gw_span in = gw_span_sub(stream, from, have - from);
		t->err = sip_frame_next(&f, in, MAX, &frame, &fault);
		if (t->err == GW_EMORE && have < stream.len) {
			have +=
			    stream.len - have < step ? stream.len - have : step;
			continue;
		}
		if (t->err != GW_OK)
			break;
		CHECK(frame.len > 0 && frame.len <= in.len && frame.len <= MAX);
		if (frame.kind == SIP_FRAME_MESSAGE)
			check_message(gw_span_sub(in, 0, frame.len));
		t->at[t->n++] = frame;
		from += frame.len;
		f = (struct sip_framer){ 0 };
	}
	if (t->err != GW_OK && t->err != GW_EMORE) {
		CHECK(fault.why != NULL && from + fault.at < stream.len);
		t->fault_at = from + fault.at;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace whole, cut;

	if (size < 2)
		return 0;
	size_t step = 1u + data[0] % 64u;
	uint8_t *copy = malloc(size - 1);
	if (copy == NULL)
		return 0;
	struct gw_span stream = { memcpy(copy, data + 1, size - 1), size - 1 };

	run(stream, stream.len, &whole);
	run(stream, step, &cut);
	CHECK(whole.n == cut.n && whole.err == cut.err &&
	      whole.fault_at == cut.fault_at);
	for (size_t i = 0; i < whole.n; i++)
		CHECK(whole.at[i].kind == cut.at[i].kind &&
		      whole.at[i].len == cut.at[i].len);
	free(copy);
	return 0;
}
