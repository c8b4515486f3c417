/* SPDX-FileCopyrightText: The neofleet authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The registration of a deployment (docs/registration.md) with everything that may come in between: the operator dies at
 * any step, the lease moves to a second operator, the status is written by somebody else, the Secret changes, the
 * service rotates the token, the pod restarts, the user forces a registration, the resource is restored from a copy, with its status,
 * on an empty volume.
 *
 * What is proved (D1-D5, D7):
 *   - registered is only ever written after a success row and a look at what is stored: assertion in WRITE;
 *   - no two calls at a time: assertion in CALL;
 *   - where the server was found connected with a rotated token, it is not overwritten unless the user forced it, or has put a newer
 *     one into the Secret: assertion in CALL;
 *   - at least one registration, and exactly one when nothing fails: assertion at the end of Environment;
 *   - in the end it is registered, on a server that holds a token, and stays so: assertion at the end of Environment, ltl settles.
 *
 * Bugs to be found, one a run: -DSKIP_ROW (success without reading the row), -DSKIP_ADOPTION (never look at what is
 * stored before), -DSKIP_LEASE (call without enough of the lease left), -DSKIP_LATCH (register although registered),
 * -DSKIP_COPY (believe the status of a copy).
 * FAULTS says how many events there are in all, of any kind and at any moment; 0 gives "when nothing fails".
 */
#ifndef FAULTS
#define FAULTS 1
#endif

#define OPERATORS 2
#define NOBODY 2

mtype = { NONE, GOOD, NEWER, REFUSED, MALFORMED, ROTATED };

/* What the API server holds. */
byte version; /* of the object; every write counts it up */
bool registered, last_registration;
byte made; /* how often the resource was made: its uid */
bool copied; /* the registration that the status tells of is older than the resource */
mtype secret = GOOD;

/* What the Neo4j server holds. */
mtype stored = NONE;
bool pod_up = true, connected;

/* The lease: who holds it, and whether more of it is left than a call may take. */
byte holder;
bool lease_long = true;

bool in_call[OPERATORS], call_had_lease[OPERATORS];
byte calls, disturbances;
bool forced, crash[OPERATORS];

#define is_good(t) ((t) == GOOD || (t) == NEWER || (t) == ROTATED)
#define may_act(id) (holder == (id))
#ifdef SKIP_LEASE
#define has_lease(id) true
#else
#define has_lease(id) (holder == (id) && lease_long)
#endif
#ifdef SKIP_LATCH
#define wanted true
#else
#define wanted (!registered || copied)
#endif

/* A crash may come at each label where a step begins; what was remembered is gone then. */
#define dies(id) if :: crash[id] -> crash[id] = false; goto reborn :: else fi

proctype Operator(byte id)
{
	byte seen, uid;
	mtype token, row;
	bool had_registration, held_rotated;

reborn:
	atomic {
		in_call[id] = false;
		token = NONE;
		row = NONE
	}
end_waiting:
	/* D1: all gates, level-triggered: nothing is done until they are open. */
	atomic {
		(may_act(id) && wanted && pod_up && secret != NONE) || crash[id];
		seen = version;
		uid = made;
		had_registration = last_registration && !copied
	}
	dies(id);
	token = secret;
	/* D2: the shape is checked before any call. */
	if
	:: token == MALFORMED || token == NONE -> goto end_waiting
	:: else
	fi;
	dies(id);
	/* The object is read anew just before: a status that is older than it is no reason to call. */
	if
	:: atomic { (registered && wanted == false) || uid != made -> goto end_waiting }
	:: else
	fi;
	dies(id);
	if
	:: !pod_up -> goto end_waiting
	:: else
	fi;
	atomic {
		held_rotated = (stored == ROTATED && connected);
#ifndef SKIP_ADOPTION
		/* D2: active and connected where no registration is known: success without a call, unless the Secret's token is newer. A
		 * rotated one may be either. */
		if
		:: !had_registration && connected && is_good(stored) && !(token == NEWER && stored == GOOD) -> row = GOOD; goto WRITE
		:: !had_registration && connected && token == NEWER && stored == ROTATED -> skip
		:: !(!had_registration && connected && is_good(stored) && !(token == NEWER && stored == GOOD))
		fi
#endif
	}
	dies(id);
	/* inspectToken($token): the server's own opinion, nothing is stored. */
#ifndef SKIP_ROW
	if
	:: token == REFUSED -> goto end_waiting
	:: else
	fi;
#endif
	atomic {
		if
		:: has_lease(id) && pod_up
		:: else -> goto end_waiting
		fi;
CALL:
		in_call[id] = true;
		call_had_lease[id] = (holder == id && lease_long);
		assert(!(in_call[0] && in_call[1]));
		assert(forced || had_registration || !held_rotated || token == NEWER)
	}
	dies(id);
	/* The server stores whatever it gets; only the row tells. A server that goes away gives no row. */
	atomic {
		if
		:: pod_up ->
			stored = token;
			connected = false;
			calls++;
			row = (is_good(token) -> GOOD : REFUSED)
		:: else -> row = NONE
		fi
	}
	dies(id);
	in_call[id] = false;
#ifdef SKIP_ROW
	goto WRITE;
#endif
	/* D3: the row, and what is stored. */
	if
	:: row == GOOD
	:: else -> goto end_waiting
	fi;
	dies(id);
	if
	:: is_good(stored)
	:: else -> goto end_waiting
	fi;
	dies(id);
WRITE:
	/* One write, conditional on the version; after a conflict it is made anew from the object as it is. */
	atomic {
		if
		:: seen == version
		:: uid != made -> goto end_waiting
		:: else -> seen = version; goto WRITE
		fi;
		assert(row == GOOD);
		registered = true;
		copied = false;
		last_registration = true;
		version++
	}
	goto end_waiting
}

/* The server connects with what it has; a token that the service does not know leaves it unconnected. */
active proctype Server()
{
end:	do
	:: atomic { pod_up && !connected && is_good(stored) -> connected = true }
	od
}

/* One event, out of what is left of the budget. */
#define happens left > 0 -> left--; disturbances++

active proctype Environment()
{
	byte left = FAULTS;

	atomic { run Operator(0); run Operator(1) }
	do
	:: atomic { happens; crash[0] = true }
	:: atomic { happens; crash[1] = true }
	:: atomic { lease_long && left > 0 -> left--; disturbances++; lease_long = false }
	/* The other takes over when the lease has run out, which a call that had enough of it left does not outlast. */
	:: atomic { !lease_long && !(in_call[holder] && call_had_lease[holder]) -> holder = 1 - holder; lease_long = true }
	:: atomic { happens; version++ }
	:: atomic { happens; if :: secret = MALFORMED :: secret = REFUSED :: secret = NONE :: secret = NEWER fi }
	:: atomic { connected && left > 0 -> left--; disturbances++; stored = ROTATED }
	:: atomic { pod_up && left > 0 -> left--; disturbances++; pod_up = false; connected = false }
	:: atomic { registered && left > 0 -> left--; disturbances++; forced = true; registered = false; version++ }
	:: atomic { !pod_up -> pod_up = true }
	:: atomic {
		last_registration && left > 0 ->
		left--;
		disturbances++;
		made++;
		version++;
		registered = true;
#ifndef SKIP_COPY
		copied = true;
#endif
		stored = NONE;
		connected = false
	   }
	:: break
	od;
	/* The user has mended everything. */
	atomic {
		pod_up = true;
		lease_long = true;
		if :: is_good(secret) :: else -> secret = NEWER fi
	}
	registered && !copied;
	assert(calls >= 1);
	assert(stored != NONE);
	/* D7: once when nothing fails. */
	assert(disturbances > 0 || calls == 1)
}

ltl settles { <>[] (registered && !copied) }
