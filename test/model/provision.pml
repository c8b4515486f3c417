/* SPDX-FileCopyrightText: The neofleet authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A deployment that is made in Aura, its token, its registration and its end (docs/provision.md), with everything that may come in between: the
 * operator dies at any step, the lease moves to a second operator while the first is in the middle, a call never arrives, is carried out without
 * an answer, or comes late, the service refuses for a quota, a call waits for its turn, the user asks for another token, deletes the Secret, the
 * deployment in the console or the resource, somebody else writes the Secret.
 *
 * A token is its number; the one that was made last is the one that lives. Whoever writes the resource or the Secret names the version that was
 * read: current[] and kept[] say whether what an operator has read is what there is. The age of the last try that the record tells of is YOUNG
 * (its call may begin), OVERDUE (not any more, but it may be under way) or SETTLED.
 *
 * What is proved (F4, D7):
 *   - there are never two deployments in Aura: assertion in make_deployment;
 *   - no token takes the place of a newer one, in the Secret or in the server: assertions in KEEP and REGISTER;
 *   - in the end there is one deployment, and its live token is the one in the Secret and in the server: assertion behind the events;
 *   - no storm: so many calls at most, and so many more for each event: assertion in counts;
 *   - in the end it is registered, or the resource is gone, and nothing of it stays in Aura unless the five minutes were over: ltl settles,
 *     assertion in RELEASE.
 *
 * Bugs to be found, one a run: -DSKIP_INTENT (make a deployment without a note of it), -DSKIP_LOOK (make it again without a look at the list),
 * -DSKIP_MINUTE (do not wait for a call that may be under way), -DSKIP_AGE (let a call begin however old its note is), -DSKIP_VERSION (write the
 * Secret whatever is in it), -DSKIP_NUMBER (take a token of an earlier try for a good one), -DSKIP_LEASE, -DSKIP_LAST_LOOK (let the resource go while its deployment may still be made), -DSKIP_CONFIRM (take a deployment that is gone for one
 * that refuses), -DSKIP_OVERTAKEN (write a registration over a later one).
 *
 * Reduced: the service knows no name twice only by the list, so that nothing but the notes prevents a second deployment; the two calls for a token
 * are one; clocks agree.
 */
#ifndef FAULTS
#define FAULTS 2
#endif

#define NONE 0

/* The record. */
#define NOTED 1 /* about to be made */
#define MADE 2	/* its id is known */

#define SETTLED 0
#define OVERDUE 1
#define YOUNG 2

/* What becomes of a call. */
#define ANSWERED 0
#define LOST 1	  /* carried out, without an answer */
#define MISSED 2  /* never arrives */
#define LATE 3	  /* no answer, and carried out later */
#define REFUSED 4 /* not carried out */

/* What the API server holds: the resource, with its record, and the Secret. */
byte record, id_of, age, try;
bool registered, deleting, gone, expired;
byte round; /* lastRegistrationTime */
byte secret, secret_try, secret_round;

/* The server's token, and what Aura holds. */
byte server;
byte there, ids; /* the deployment; how many were made */
byte live, made; /* its token; how many were made */

/* Calls that were given up, and that the service still carries out. */
bool late_make;
byte late_mint;

byte holder;
bool current[2], kept[2], crash[2], fresh[2], waits[2];
byte calls, left = FAULTS;

/* A registration takes three calls; an event may take so many more. */
#define CALLS 3
#define CALLS_MORE 5

#ifdef SKIP_LEASE
#define has_lease(id) true
#else
#define has_lease(id) (holder == (id) && !crash[id])
#endif
#ifdef SKIP_MINUTE
#define is_settled true
#else
#define is_settled (age == SETTLED || (secret != NONE && secret_try == try))
#endif
#ifdef SKIP_AGE
#define is_usable true
#else
#define is_usable (age == YOUNG)
#endif
#ifdef SKIP_NUMBER
#define is_good (secret != NONE && secret_round == round)
#else
#define is_good (secret != NONE && secret_round == round && secret_try == try)
#endif

#define dies(id) if :: crash[id] -> crash[id] = false; goto reborn :: else fi

inline wrote_resource()
{
	current[0] = false;
	current[1] = false;
	waits[0] = false;
	waits[1] = false
}

inline counts()
{
	calls++;
	assert(calls <= CALLS + CALLS_MORE * (FAULTS - left))
}

inline make_deployment()
{
	assert(there == NONE);
	ids++;
	there = ids;
	live = NONE
}

inline make_token(target)
{
	if
	:: there == target && target != NONE -> made++; live = made
	:: else
	fi
}

/* Anything but an answer is an event. */
inline fate()
{
	if
	:: how = ANSWERED
	:: left > 0 -> left--; how = LOST
	:: left > 0 -> left--; how = MISSED
	:: left > 0 -> left--; how = LATE
	:: left > 0 -> left--; how = REFUSED
	fi
}

/* Whether there is a step to take: not while a time or a change is waited for. */
#define in_making (record == NONE || record == NOTED || is_good || fresh[id] || is_settled)
#define is_due(id) (holder == (id) && !gone && (deleting || !registered) && (deleting || in_making) && !(waits[id] && age != SETTLED))

proctype Operator(byte id)
{
	byte token, how, number, target, of_round;
	bool found;

reborn:
	atomic {
		fresh[id] = false;
		waits[id] = false
	}
rest:
	atomic {
		token = NONE;
		how = 0;
		number = 0;
		target = NONE;
		of_round = 0;
		found = false
	}
end_rest:
	atomic {
		is_due(id) || crash[id];
		current[id] = true;
		kept[id] = true;
		number = try;
		of_round = round;
		target = id_of;
		if
		:: crash[id] -> crash[id] = false; goto reborn
		:: else
		fi;
		if
		:: deleting && record == NONE -> goto RELEASE
		:: deleting && record == MADE -> goto DELETE
		:: deleting && record == NOTED -> goto LAST_LOOK
		:: !deleting && record == NONE -> goto LOOK
#ifdef SKIP_LOOK
		:: !deleting && record == NOTED -> goto MAKE
#else
		:: !deleting && record == NOTED && fresh[id] && is_usable -> goto MAKE
		:: !deleting && record == NOTED && fresh[id] && !is_usable -> goto NOTE
		:: !deleting && record == NOTED && !fresh[id] -> goto LOOK
#endif
		:: !deleting && record == MADE && is_good -> token = secret; goto REGISTER
		:: !deleting && record == MADE && !is_good && fresh[id] && is_usable -> goto MINT
		:: !deleting && record == MADE && !is_good && (!fresh[id] || !is_usable) -> goto INTEND
		fi
	}

LOOK:	/* At the project's list. What the age says is judged before. */
	atomic {
		if
		:: has_lease(id)
		:: else -> goto rest
		fi;
		counts();
		target = there;
		found = (age == SETTLED)
	}
	dies(id);
	atomic {
		if
		:: !current[id] -> goto rest
		/* Somebody else's, as far as anybody knows. */
		:: current[id] && record == NONE && target != NONE -> goto rest
		:: current[id] && record == NOTED && target != NONE -> goto KEEP_ID
#ifndef SKIP_MINUTE
		:: current[id] && record == NOTED && target == NONE && !found -> waits[id] = true; goto rest
#endif
		:: else
		fi
	}
#ifdef SKIP_INTENT
	goto MAKE;
#endif
NOTE:	/* What is about to be made. */
	atomic {
		if
		:: !current[id] || gone -> goto rest
		:: else
		fi;
		record = NOTED;
		age = YOUNG;
		wrote_resource();
		fresh[id] = true;
		fresh[1 - id] = false
	}
	goto rest;

MAKE:
	atomic {
		if
		:: has_lease(id) && is_usable
#ifdef SKIP_INTENT
		:: has_lease(id) && !is_usable
#endif
		:: else -> goto rest
		fi;
		counts();
		fate();
		fresh[id] = (how == REFUSED);
		if
		:: how == ANSWERED || how == LOST -> make_deployment()
		:: how == LATE -> late_make = true
		:: else
		fi;
		target = there;
		if
		:: how != ANSWERED -> goto rest
		:: else
		fi
	}
	dies(id);
KEEP_ID:
	atomic {
		if
		:: !current[id] || gone -> goto rest
		:: else
		fi;
		record = MADE;
		id_of = target;
		try = 0;
		age = SETTLED;
		wrote_resource();
		fresh[id] = false;
		fresh[1 - id] = false
	}
	goto rest;

INTEND:	/* A number for the next token. */
	atomic {
		if
		:: !current[id] -> goto rest
		:: else
		fi;
		try = (secret != NONE && secret_try > try -> secret_try : try) + 1;
		age = YOUNG;
		wrote_resource();
		fresh[id] = true;
		fresh[1 - id] = false
	}
	goto rest;

MINT:
	atomic {
		if
		:: has_lease(id) && current[id] && is_usable
		:: else -> goto rest
		fi;
		counts();
		fate();
		fresh[id] = (how == REFUSED);
		found = (there == target);
		if
		:: how == ANSWERED || how == LOST -> make_token(target)
		:: how == LATE -> late_mint = target
		:: else
		fi;
		token = made;
		if
		:: how == ANSWERED && !found -> goto CONFIRM
		:: how != ANSWERED -> goto rest
		:: else
		fi
	}
	dies(id);
KEEP:	/* Over the Secret that was read. */
	atomic {
		if
#ifndef SKIP_VERSION
		:: !kept[id] || gone -> goto rest
#endif
		:: else
		fi;
		assert(token > secret);
		secret = token;
		secret_try = number;
		secret_round = of_round;
		kept[0] = false;
		kept[1] = false
	}
	goto rest;

CONFIRM: /* The list tells an unknown deployment from a refused client. */
	atomic {
		counts();
		fresh[id] = false;
#ifndef SKIP_CONFIRM
		found = (there == target)
#else
		found = true
#endif
	}
	dies(id);
	atomic {
		if
		:: !current[id] || found -> goto rest
		:: else
		fi;
		record = NONE;
		id_of = NONE;
		try = 0;
		age = SETTLED;
		wrote_resource();
		fresh[1 - id] = false
	}
	goto rest;

REGISTER:
	atomic {
		if
		:: has_lease(id) && current[id]
		:: else -> goto rest
		fi;
		assert(token >= server);
		server = token
	}
	dies(id);
	/* A conflict makes the write anew, unless another operator has registered it since, or has set out to have another token made. */
	atomic {
#ifndef SKIP_OVERTAKEN
		if
		:: gone || round != of_round || try != number || id_of != target -> goto rest
		:: else
		fi;
#endif
		registered = true;
		round++;
		wrote_resource()
	}
	goto rest;

LAST_LOOK: /* A resource that ends without an id. */
	atomic {
		if
		:: has_lease(id)
		:: else -> goto rest
		fi;
		counts();
		target = there;
		if
		:: target != NONE -> goto DELETE
#ifndef SKIP_LAST_LOOK
		:: target == NONE && age != SETTLED && !expired -> waits[id] = true; goto rest
#endif
		:: else -> goto RELEASE
		fi
	}
DELETE:
	dies(id);
	atomic {
		if
		:: has_lease(id)
		:: else -> goto rest
		fi;
		counts();
		if
		:: how = ANSWERED
		:: left > 0 -> left--; how = LOST
		:: left > 0 -> left--; how = MISSED
		fi;
		if
		:: how != MISSED && there == target -> there = NONE; live = NONE
		:: else
		fi;
		if
		:: how != ANSWERED && !expired -> goto rest
		:: else
		fi
	}
RELEASE:
	dies(id);
	atomic {
		if
		:: gone || !current[id] -> goto rest
		:: else
		fi;
		assert(expired || (there == NONE && !late_make));
		gone = true;
		wrote_resource()
	}
	goto rest
}

/* What the service still carries out; and time, which passes when no call waits for its turn. */
active proctype Service()
{
end:	do
	:: atomic { late_make -> late_make = false; make_deployment() }
	:: atomic { late_mint != NONE -> make_token(late_mint); late_mint = NONE }
	:: atomic { age == YOUNG && (!fresh[holder] || deleting) -> age = OVERDUE }
	:: atomic { age == OVERDUE && !late_make && late_mint == NONE -> age = SETTLED; waits[0] = false; waits[1] = false }
	od
}

#define happens left > 0 -> left--

active proctype Environment()
{
	atomic { run Operator(0); run Operator(1) }
	do
	:: atomic { happens; crash[0] = true }
	:: atomic { happens; crash[1] = true }
	/* A process that has lost its lease ends before it can have it again. */
	:: atomic { happens; holder = 1 - holder; crash[holder] = true }
	/* A call waits for its turn: for half a minute. */
	:: atomic { age == YOUNG && fresh[holder] && left > 0 -> left--; age = OVERDUE }
	/* The page's patch. */
	:: atomic { registered && !deleting && left > 0 -> left--; registered = false; wrote_resource() }
	/* By hand: the Secret is deleted, or bears another label. */
	:: atomic { secret != NONE && left > 0 -> left--; secret = NONE; kept[0] = false; kept[1] = false }
	:: atomic { secret != NONE && left > 0 -> left--; kept[0] = false; kept[1] = false }
	/* The deployment is deleted in the console, and the user asks for another one. */
	:: atomic { registered && there != NONE && !deleting && left > 0 -> left--; there = NONE; live = NONE; registered = false; wrote_resource() }
	:: atomic { !deleting && left > 0 -> left--; deleting = true; wrote_resource(); gone = (record == NONE) }
	:: atomic { deleting && !gone && left > 0 -> left--; expired = true }
	:: break
	od;
	/* Where this never comes, the run ends in a state that is no end. */
	atomic {
		(gone || (registered && !deleting)) && !late_make && late_mint == NONE;
		assert(gone || (there != NONE && there == id_of && live == server && (secret == NONE || secret == server)))
	}
}

ltl settles { <>[] (gone || (registered && !deleting && live == server)) }
