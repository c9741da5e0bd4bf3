/*
 * kms_xml.h: KMS certificates in XML (TS 33.180 D.3.2), alone or inside a
 * response of a KMS.
 *
 * Only what the gateway uses is looked at: elements of other namespaces and
 * unknown ones are passed over, the order is not enforced.  A signature of
 * the document is not verified; trust comes from the pin of the file.
 */
#ifndef KMS_XML_H
#define KMS_XML_H

#include "codec/mikey/kms_cert.h"
#include "mcxgw/xml.h"

#define KMS_XML_CERTS_MAX 256 /* of one file */

struct kms_xml {
	size_t n;
	struct kms_cert *list; /* texts in the arena, kpak owned */
	struct gw_where *at; /* where each stands; its file is the document's */
};

/**
 * Read the certificates of doc.  Texts are kept in a; mistakes go to d.
 * False if there was one; then nothing of *out needs to be freed.
 */
bool kms_xml_read(xmlDoc *doc, struct gw_now now, struct gw_arena *a,
    struct gw_diag *d, struct kms_xml *out);
/** Free the keys, not the arena. */
void kms_xml_clear(struct kms_xml *x);

#endif
