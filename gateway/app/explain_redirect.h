/*
 * explain_redirect.h: what `explain` tells of redirects: the KRR that would
 * be sent, and what would become of one that came back.
 */
#ifndef EXPLAIN_REDIRECT_H
#define EXPLAIN_REDIRECT_H

#include "core/gate.h"
#include "core/redirect.h"
#include "mcxgw/json.h"

/** What the redirect of a judged request would bring; false if the verdict is
 * none. */
bool explain_redirect_out(const struct redirect *r, const struct gate_case *g,
    struct redirect_result *out);

/**
 * What would become of the 488 in text on its way back for the judged
 * request.  NULL, or a static clause: why it cannot be said.
 */
const char *
explain_redirect_back(const struct redirect *r, const struct gate_case *g,
    struct gw_span text, struct redirect_result *out);

/** Write it as the member "redirect" of the open object, or as lines. */
void explain_redirect_json(struct gw_json *j, const struct redirect_result *r);
void explain_redirect_text(struct gw_buf *out, const struct redirect_result *r);

#endif
