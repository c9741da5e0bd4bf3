/*
 * txn_ist.c: the INVITE server transaction (RFC 3261 17.2.1, RFC 6026 8.3).
 *
 * The 100 is delayed by 200 ms, as 17.2.1 allows one to do that expects the
 * next hop to answer sooner; the retransmission timer serves for it until a
 * final response is sent.
 */
#include "core/txn.h"

txn_table txn_ist_table = {
	[TXN_PROCEEDING] = {
		[TXN_ON_REQUEST] = { TXN_PROCEEDING, TXN_DO_SEND |
		    TXN_DO_TRYING },
		[TXN_ON_RETX] = { TXN_PROCEEDING, TXN_DO_TRYING },
		[TXN_ON_REPLY_1XX] = { TXN_PROCEEDING, TXN_DO_SEND |
		    TXN_DO_RETX_STOP },
		[TXN_ON_REPLY_2XX] = { TXN_ACCEPTED, TXN_DO_SEND |
		    TXN_DO_RETX_STOP | TXN_DO_LIFE_D },
		[TXN_ON_REPLY_FINAL] = { TXN_COMPLETED, TXN_DO_SEND |
		    TXN_DO_RETX_T1 | TXN_DO_LIFE_D },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
	[TXN_COMPLETED] = { /* timers G and H */
		[TXN_ON_REQUEST] = { TXN_COMPLETED, TXN_DO_SEND },
		[TXN_ON_RETX] = { TXN_COMPLETED, TXN_DO_SEND |
		    TXN_DO_RETX_T2 },
		[TXN_ON_ACK] = { TXN_CONFIRMED, TXN_DO_RETX_STOP |
		    TXN_DO_LIFE_K | TXN_DO_LIFE_ZERO },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
	[TXN_CONFIRMED] = { /* timer I */
		[TXN_ON_ACK] = { TXN_CONFIRMED, 0 },
		[TXN_ON_REQUEST] = { TXN_CONFIRMED, 0 },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
	[TXN_ACCEPTED] = { /* timer L; 2xx again from the called side pass */
		[TXN_ON_REQUEST] = { TXN_ACCEPTED, 0 },
		[TXN_ON_REPLY_2XX] = { TXN_ACCEPTED, TXN_DO_SEND },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
};
