/*
 * sip_udp.h: the datagram sockets of one worker.
 *
 * Every worker has a socket of its own for each UDP listener (SO_REUSEPORT);
 * the kernel spreads the peers over them.  Received in batches, sent in
 * batches at the end of the turn: what is queued is copied, as the memory of
 * an action is gone by then.  An ICMP error is told to core for the messages
 * that were last sent to that address.
 *
 * Datagrams go to next hops, to addresses within a system's reach, and back
 * to an address that a datagram just came from; nowhere else.
 */
#ifndef SIP_UDP_H
#define SIP_UDP_H

#include "core/core.h"

#define SIP_UDP_BATCH	 32 /* datagrams read or written at once */
#define SIP_UDP_QUEUE	 128 /* datagrams that wait for the end of the turn */
#define SIP_UDP_DATA_MAX CORE_DATAGRAM_MAX

struct worker;
struct sip_udp;

struct sip_udp *sip_udp_new(struct worker *w);
void sip_udp_free(struct sip_udp *u);

/**
 * New settings: fds (by listener, -1 where there is nothing new) are taken
 * over; sockets whose listener is gone read no more, and close when answers
 * are no longer due.
 */
void sip_udp_use(struct sip_udp *u, const struct snapshot *s, int *fds);

/** Queue the message of a, from the socket of its listener, to `to`. */
void sip_udp_send(struct sip_udp *u, const struct core_action *a,
    uint16_t listener, const struct conf_addr *to);
void sip_udp_flush(struct sip_udp *u);
/** Did a datagram come from there lately? */
bool sip_udp_heard(const struct sip_udp *u, const struct conf_addr *from);
/** One did, at another worker. */
void sip_udp_hear(struct sip_udp *u, const struct conf_addr *from);
/** Close sockets that are out of use. */
void sip_udp_sweep(struct sip_udp *u);

#endif
