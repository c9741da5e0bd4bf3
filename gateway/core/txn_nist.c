/*
 * txn_nist.c: the non-INVITE server transaction (RFC 3261 17.2.2), with the
 * 100 of RFC 4320 4.1 once timer E of a client would have reached T2.
 */
#include "core/txn.h"

txn_table txn_nist_table = {
	[TXN_PROCEEDING] = {
		[TXN_ON_REQUEST] = { TXN_PROCEEDING, TXN_DO_SEND |
		    TXN_DO_TRYING },
		[TXN_ON_RETX] = { TXN_PROCEEDING, TXN_DO_TRYING },
		[TXN_ON_REPLY_2XX] = { TXN_COMPLETED, TXN_DO_SEND |
		    TXN_DO_RETX_STOP | TXN_DO_LIFE_D | TXN_DO_LIFE_ZERO },
		[TXN_ON_REPLY_FINAL] = { TXN_COMPLETED, TXN_DO_SEND |
		    TXN_DO_RETX_STOP | TXN_DO_LIFE_D | TXN_DO_LIFE_ZERO },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
	[TXN_COMPLETED] = { /* timer J */
		[TXN_ON_REQUEST] = { TXN_COMPLETED, TXN_DO_SEND },
		[TXN_ON_LIFE] = { TXN_DONE, 0 },
	},
};
