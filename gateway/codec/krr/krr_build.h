/*
 * krr_build.h: a KRR as octets.
 *
 * The result is canonical (C14N 1.0) except for what it embeds, so that a
 * signature can be computed over it as it is written.  What is embedded is
 * copied octet for octet, and nothing around it enters its canonical form:
 * the one namespace that is declared is one that the inner root declares too,
 * and there are no xml: attributes.  So the signature of the inner KRR stays
 * good, in place and taken out.
 */
#ifndef KRR_BUILD_H
#define KRR_BUILD_H

#include "codec/krr/krr.h"
#include "codec/krr/krr_dialect.h"
#include "mcxgw/buf.h"

/**
 * Append k as a document without a signature.  Of k are written id, author,
 * time_us (else time), initiator, initiator_domain, receiver, refused, the
 * domains, embedded; what is empty is left out, except the list of domains.
 * On failure out is as it was.
 *
 * GW_EMALFORMED    a value holds what no URI does, a required one is empty,
 *                  or the Id is one that the embedded KRR has
 * GW_ELIMIT        larger, longer or deeper than krr_read() would read
 * GW_EUNSUPPORTED  the dialect has no place for something of k
 * GW_ENOMEM        out is full
 */
enum gw_err krr_build(
    const struct krr *k, struct gw_buf *out, struct krr_fault *no) GW_NODISCARD;

/**
 * The same but for the end tag of the KRR itself, where a signature may
 * follow.  Private to this folder, as is krr_build_close(), which appends the
 * end tag.
 */
enum gw_err krr_build_open(
    const struct krr *k, struct gw_buf *out, struct krr_fault *no) GW_NODISCARD;
void krr_build_close(const struct krr *k, struct gw_buf *out);
/** A start tag of k's dialect with its namespace but without attributes and
 * without its ">"; an end tag. */
void
krr_build_root(const struct krr *k, struct gw_span name, struct gw_buf *out);
void
krr_build_end(const struct krr *k, struct gw_span name, struct gw_buf *out);
/** Was the document that begins at from written, and is it of a size that we
 * read?  Else out is cut there. */
enum gw_err krr_build_done(
    struct gw_buf *out, size_t from, struct krr_fault *no) GW_NODISCARD;

#endif
