/* SPDX-FileCopyrightText: The neofleet authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The life after the first registration, with tokenPolicy FollowSecret (docs/registration.md): the user puts newer, older and broken tokens
 * into the Secret, the service renews and revokes tokens, somebody disables Fleet Manager at a server, the volume is restored from a copy, and
 * the operator dies or loses its lease at any step. A token is its age, 0 is none; all are of one project. One that expires is as one that is
 * revoked: the server deletes it at the next contact. In the Secret it is not even tried, which only takes calls away.
 *
 * What is proved (F1, F2, D7):
 *   - no token takes the place of one that is as new or newer, nor of one that is being renewed, as the server told right before the call: assertions in CALL;
 *   - no two calls at a time: assertion in CALL;
 *   - no storm: without an event from outside, or time that passes, there are two calls at most: assertion behind the call;
 *   - in the end, with a good token in the Secret, the server holds one that the service takes, and keeps it: ltl settles;
 *   - with Latch (-DLATCH) nothing is ever called.
 *
 * Bugs to be found, one a run: -DSKIP_HELD (register what differs, newer or not), -DSKIP_MARK (take a token that is being renewed for none),
 * -DSKIP_PACE (register a lost token again at once), -DSKIP_GONE (do not register where the token is lost), -DSKIP_LEASE.
 */
#ifndef FAULTS
#define FAULTS 1
#endif

#define OLDEST 1
#define NEWEST 6
#define NONE 0
#define CALLS_MAX 2

byte secret = OLDEST, version; /* what the Secret holds, and which version of it that is */
byte held = OLDEST;	       /* what the server holds */
bool renewing;		       /* the server keeps a mark in its place meanwhile */
byte made = OLDEST;	       /* the newest of all tokens */
bool revoked[NEWEST + 1];

byte holder;
bool lease_long = true, in_call[2], call_had_lease[2], crash[2];
byte calls; /* since something has happened */

/* What an operator remembers. */
bool knows[2], paced[2];
byte known_version[2], known_held[2], lost_version[2];

#ifdef LATCH
#define follows false
#else
#define follows true
#endif
#ifdef SKIP_LEASE
#define has_lease(id) true
#else
#define has_lease(id) (holder == (id) && lease_long)
#endif
#ifdef SKIP_GONE
#define gone false
#else
#define gone (held == NONE)
#endif
#ifdef SKIP_PACE
#define waits(id) false
#else
#define waits(id) (paced[id] && lost_version[id] == version && held == NONE)
#endif
#define differs(id) (!knows[id] || known_version[id] != version || (held != NONE && known_held[id] != held))
#define due(id) (follows && holder == (id) && secret != NONE && !renewing && (differs(id) || gone) && !waits(id))

#define dies(id) if :: crash[id] -> crash[id] = false; goto reborn :: else fi

proctype Operator(byte id)
{
	byte token, seen, seen_version;
	bool was_renewing;

reborn:
	atomic {
		in_call[id] = false;
		knows[id] = false;
		paced[id] = false
	}
end_rest:
	atomic {
		due(id) || crash[id];
		token = secret;
		seen_version = version
	}
	dies(id);
	/* inspectToken(): what the server holds, right before the call. */
	atomic {
		seen = held;
		was_renewing = renewing;
		if
#ifdef SKIP_MARK
		:: renewing -> seen = NONE
#else
		:: renewing -> goto end_rest
#endif
		:: else
		fi;
		if
		:: token == NONE -> goto end_rest
#ifdef SKIP_HELD
		:: token != NONE && seen == token -> knows[id] = true; known_version[id] = seen_version; known_held[id] = seen; goto end_rest
#else
		:: token != NONE && seen != NONE && seen >= token -> knows[id] = true; known_version[id] = seen_version; known_held[id] = seen; goto end_rest
#endif
		:: else
		fi
	}
	dies(id);
	atomic {
		if
		:: has_lease(id)
		:: else -> goto end_rest
		fi;
CALL:
		in_call[id] = true;
		call_had_lease[id] = (holder == id && lease_long);
		assert(!(in_call[0] && in_call[1]));
		assert(seen == NONE || token > seen);
		assert(!was_renewing)
	}
	dies(id);
	atomic {
		held = token;
		renewing = false;
		calls++;
		assert(calls <= CALLS_MAX)
	}
	dies(id);
	/* The row and what is stored; one that was lost before, or that is lost by now, is not called again at once. */
	atomic {
		in_call[id] = false;
		if
		:: seen == NONE || held == NONE -> paced[id] = true; lost_version[id] = seen_version
		:: else -> paced[id] = false
		fi;
		knows[id] = (held != NONE);
		known_version[id] = seen_version;
		known_held[id] = held
	}
	goto end_rest
}

/* The server's contact with the service: a token that is not taken any more is deleted, one that is renewed is stored. */
active proctype Server()
{
end:	do
	:: atomic { held != NONE && !renewing && revoked[held] -> held = NONE }
	:: atomic { renewing && made < NEWEST -> revoked[held] = true; made++; held = made; renewing = false; calls = 0 }
	od
}

/* When all is over, what waits may wait to its end. */
bool over;

active proctype Time()
{
end:	do
	:: atomic { over && (paced[0] || paced[1]) -> paced[0] = false; paced[1] = false; calls = 0 }
	od
}

#define happens(what) atomic { left > 0 -> left--; calls = 0; what }

active proctype Environment()
{
	byte left = FAULTS;

	atomic { run Operator(0); run Operator(1) }
	do
	:: happens(crash[0] = true)
	:: happens(crash[1] = true)
	:: happens(lease_long = false)
	:: atomic { !lease_long && !(in_call[holder] && call_had_lease[holder]) -> holder = 1 - holder; lease_long = true; calls = 0 }
	:: atomic { made < NEWEST - 1 && left > 0 -> left--; calls = 0; made++; secret = made; version++ }
	:: happens(secret = OLDEST; version++)
	:: happens(secret = NONE; version++)
	:: atomic { held != NONE && !renewing && left > 0 -> left--; calls = 0; revoked[held] = true }
	:: atomic { held != NONE && !renewing && !revoked[held] && made < NEWEST - 1 && left > 0 -> left--; calls = 0; renewing = true }
	:: atomic { !renewing && left > 0 -> left--; calls = 0; if :: held = NONE :: held = OLDEST fi }
	/* Time passes. */
	:: happens(paced[0] = false; paced[1] = false)
	:: break
	od;
	/* Where the Secret has no good token the user puts a new one there. */
	atomic {
		!renewing && made < NEWEST;
		lease_long = true;
		over = true;
		calls = 0;
		if
		:: secret != NONE && !revoked[secret]
		:: else -> made++; secret = made; version++
		fi
	}
#ifndef LATCH
	/* Where this never comes, the run ends in a state that is no end. */
	held != NONE && !revoked[held] && !renewing
#endif
}

#ifdef LATCH
ltl settles { [] (calls == 0) }
#else
ltl settles { <>[] (held != NONE && !revoked[held] && !renewing) }
#endif
