/* SPDX-FileCopyrightText: The neofleet authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Removing and rolling the servers of a cluster (operator/cluster/scale.h, operator/cluster/roll.h), with everything that may come in between: the
 * operator dies at any step, SHOW SERVERS tells what was, servers with empty volumes form a second cluster beside the first, volumes
 * are lost, the user edits the spec a second time, a budget says no, somebody deletes pods or scales the StatefulSet by hand.
 *
 * What is proved (B6, B8):
 *   - a claim is deleted only when the cluster of a server that stays was told that the claim's own server leaves, and never with the
 *     last copy of a database on it: assertions in DISCARD;
 *   - no server that has served since the roll began is evicted while another one is away by our doing: assertion in EVICT;
 *   - in the end the cluster has the servers that are wanted, all of the present template, unless a volume was lost or a second
 *     cluster formed: ltl settles.
 *
 * Bugs to be found, one a run: -DUNLISTED_IS_GONE (a server that SHOW SERVERS does not list counts as gone), -DUNREADY_GOES (an
 * outdated pod that is not ready goes at once), -DSKIP_UID (a claim or a pod is meant by its name), -DSKIP_FIRST_MARK (nothing is
 * written down before the servers are told to leave).
 *
 * Reduced: three servers and at least two, one database a cluster, one action a pass, an answer that lags is one earlier state of all
 * rows, and no pod becomes ready and fails again between the operator's look at it and its eviction. Left to
 * test/unit/operator/sim: views of pods and claims that lag behind, rows without an address, databases that are stopped or have no room.
 * FAULTS says how many events there are in all, of any kind and at any moment.
 */
#ifndef FAULTS
#define FAULTS 2
#endif

#define N 3
#define FEWER 2

/* A volume is empty, or has the data of a server of one of two clusters. */
#define EMPTY 0
#define OLD 1
#define NEW 2

/* Rows of SHOW SERVERS. */
#define NONE 0
#define ENABLED 1
#define DEALLOCATING 2
#define DEALLOCATED 3
#define DROPPED 4

/* Pods. */
#define ABSENT 0
#define STARTING 1
#define UP 2
#define ENDING 3

/* What the operator does next. */
#define REST 0
#define SCALE 1
#define MARK 2
#define DRAIN 3
#define CONDEMN 4
#define DROP 5
#define DISCARD 6
#define EVICT 7

/* What the API server holds. */
byte wanted = N, replicas = N;
byte revision = 1; /* of the template */
bool bad;	   /* nothing starts with it */
byte pod[N], made_of[N];
bool dud[N], sick[N];
byte record;	   /* the revision of the note of those that were not ready before the roll; 0: none */
bool noted[N], ever[N]; /* ever: this pod has been ready */
bool claim[N], leaving[N], condemned[N];
bool no_budget, split;

/* What is on the volumes, and what the clusters know: rows of OLD, then of NEW. */
byte volume[N];
byte row[6];
byte lost[2]; /* rows of servers whose volumes are lost */
bool copy[6]; /* of the one database of each cluster */
bool lagging;
byte past[6];

/* Ghosts. */
bool away[N];	/* evicted by us, and not back since */
bool served[N]; /* ready when the roll began, or after */
bool rolling, told[6];
bool unsound, done;

/* What the operator is about to do, and to whom; whether the object has been replaced since, so that its uid differs. */
byte act, arg;
bool replaced;

#define at(c, i) (((c) - 1) * N + (i))
#define is_ready(i) (pod[i] == UP && !sick[i])
#define votes(c, i) (row[at(c, i)] >= ENABLED && row[at(c, i)] <= DEALLOCATED)
#define voting(c, i) (votes(c, i) && pod[i] == UP && volume[i] == (c))
#define has_quorum(c) \
	(2 * (voting(c, 0) + voting(c, 1) + voting(c, 2)) > votes(c, 0) + votes(c, 1) + votes(c, 2) + lost[(c) - 1])
#define is_back(i) (is_ready(i) && volume[i] != EMPTY && (row[at(volume[i], i)] >= ENABLED || told[at(volume[i], i)]))
#define others_away(i) ((i != 0 && away[0]) || (i != 1 && away[1]) || (i != 2 && away[2]))

#define holds(c, i) (claim[i] && volume[i] == (c) && copy[at(c, i)])
#define last_copy(i) \
	(volume[i] != EMPTY && holds(volume[i], i) && holds(volume[i], 0) + holds(volume[i], 1) + holds(volume[i], 2) == 1)

inline look()
{
	away[0] = away[0] && 0 < replicas && !is_back(0);
	away[1] = away[1] && 1 < replicas && !is_back(1);
	away[2] = away[2] && 2 < replicas && !is_back(2);
	rolling = rolling && (away[0] || away[1] || away[2]);
	served[0] = rolling && (served[0] || is_ready(0));
	served[1] = rolling && (served[1] || is_ready(1));
	served[2] = rolling && (served[2] || is_ready(2));
	noted[0] = noted[0] && !is_ready(0);
	noted[1] = noted[1] && !is_ready(1);
	noted[2] = noted[2] && !is_ready(2);
	ever[0] = ever[0] || is_ready(0);
	ever[1] = ever[1] || is_ready(1);
	ever[2] = ever[2] || is_ready(2)
}

/* A claim is gone, and with it the data. */
inline lose(i)
{
	if
	:: volume[i] != EMPTY ->
		lost[volume[i] - 1] = lost[volume[i] - 1] + votes(volume[i], i);
		row[at(volume[i], i)] = NONE;
		copy[at(volume[i], i)] = false;
		told[at(volume[i], i)] = false;
		volume[i] = EMPTY
	:: else
	fi;
	claim[i] = false;
	replaced = replaced || ((act == MARK || act == CONDEMN || act == DISCARD) && arg == i);
	leaving[i] = false;
	condemned[i] = false
}

/* --- the operator --- */

#define says(c, i) (lagging -> past[at(c, i)] : row[at(c, i)])
#define can_tell(i) (is_ready(i) && volume[i] != EMPTY && says(volume[i], i) != NONE && row[at(volume[i], i)] != DROPPED)
#define drained(c, i) (says(c, i) == DEALLOCATING || says(c, i) == DEALLOCATED)
#define stays_well(c, i) (is_ready(i) && volume[i] == (c) && says(c, i) == ENABLED)
/* Ready, and not listed by the cluster that was asked. */
#define is_outsider(c, i) (is_ready(i) && !condemned[i] && (volume[i] != (c) || says(c, i) == NONE || says(c, i) == DROPPED))
/* Not listed. A pod that somebody else took away comes back, as long as its server is not drained. */
#define unlisted(c, i) (says(c, i) == NONE || says(c, i) == DROPPED || volume[i] != (c))

inline choose(a, i)
{
	act = a;
	arg = i
}

/* Whom the servers that stay are asked through: c, EMPTY when nobody tells. */
inline ask()
{
	c = EMPTY;
	if
	:: can_tell(0) -> c = volume[0]
	:: !can_tell(0) && can_tell(1) -> c = volume[1]
	:: !can_tell(0) && !can_tell(1) && can_tell(2) && wanted > 2 -> c = volume[2]
	:: else
	fi
}

/* What has begun to leave leaves. */
inline set_target()
{
	target = wanted;
	if
	:: condemned[2] || (leaving[2] && c != EMPTY && drained(c, 2)) -> target = (wanted < 2 -> wanted : 2)
	:: else
	fi
}

/* Only server 2 ever leaves: at least two stay. */
inline decide_scale()
{
	if
	:: replicas < target -> choose(SCALE, target)
	/* A pod that left: its claim goes, if its server was seen Deallocated. */
	:: replicas >= target && replicas <= 2 && claim[2] && condemned[2] ->
		if
		:: pod[2] != ABSENT || c == EMPTY -> busy = true
		:: else ->
			busy = true;
			if
			:: says(c, 2) == DEALLOCATED -> choose(DROP, 2)
			:: says(c, 2) == NONE || says(c, 2) == DROPPED -> choose(DISCARD, 2)
			:: else
			fi
		fi
	/* Somebody else took it away. */
	:: replicas >= target && replicas <= 2 && claim[2] && !condemned[2] && c != EMPTY &&
			(says(c, 2) == ENABLED || drained(c, 2)) ->
		busy = true;
		choose(SCALE, 3)
	:: else ->
		if
		:: replicas > target ->
			busy = true;
			if
			:: c == EMPTY
			:: c != EMPTY && !(stays_well(c, 0) && stays_well(c, 1))
#ifndef UNLISTED_IS_GONE
			:: c != EMPTY && stays_well(c, 0) && stays_well(c, 1) && (lost[c - 1] > 0 || is_outsider(c, 2))
#endif
			:: else ->
				if
#ifdef UNLISTED_IS_GONE
				:: unlisted(c, 2) && claim[2] && !condemned[2] -> choose(CONDEMN, 2)
				:: unlisted(c, 2) && !(claim[2] && !condemned[2]) -> choose(SCALE, 2)
				:: !unlisted(c, 2) && says(c, 2) == ENABLED -> choose(DRAIN, 2)
#else
				/* Without a mark its claim stays. */
				:: unlisted(c, 2) -> choose(SCALE, 2)
#ifndef SKIP_FIRST_MARK
				:: !unlisted(c, 2) && says(c, 2) == ENABLED && !leaving[2] -> choose(MARK, 2)
				:: !unlisted(c, 2) && says(c, 2) == ENABLED && leaving[2] -> choose(DRAIN, 2)
#else
				:: !unlisted(c, 2) && says(c, 2) == ENABLED -> choose(DRAIN, 2)
#endif
#endif
				:: !unlisted(c, 2) && says(c, 2) == DEALLOCATED && !condemned[2] -> choose(CONDEMN, 2)
				:: !unlisted(c, 2) && says(c, 2) == DEALLOCATED && condemned[2] -> choose(DROP, 2)
				:: else
				fi
			fi
		:: else
		fi
	fi
}

#define is_well(i) ((i) >= replicas || stays_well(c, i))
/* While servers are removed: those on their way out may wait for the one that is dead, and are Enabled never again. */
#define is_host(i) \
	((i) >= replicas || (busy && is_ready(i) && volume[i] == c && says(c, i) != NONE && says(c, i) != DROPPED) || stays_well(c, i))
#define is_missing(i) ((i) < replicas && (pod[i] == ABSENT || pod[i] == ENDING))
#define is_outdated(i) ((i) < replicas && (pod[i] == STARTING || pod[i] == UP) && made_of[i] != revision)
#define is_dead(i) (is_outdated(i) && !is_ready(i))
#define noted_dead(i) (noted[i] && is_dead(i))
#define any(what) (what(0) || what(1) || what(2))

/* It may be away by our doing: of the new template, noted before, or never ready since it was made. */
#define is_present(i) ((i) < replicas && (pod[i] == STARTING || pod[i] == UP))
#define may_be_ours(i) (is_present(i) && !is_ready(i) && (made_of[i] == revision || noted[i] || !ever[i]))
#define is_of_record(i) (is_present(i) && made_of[i] == record)
#define is_older(i) (is_present(i) && made_of[i] != record)
#define is_unfinished \
	(record != 0 && (any(is_missing) || any(may_be_ours) || (any(is_of_record) && any(is_older))))

/* Those that are not ready before the roll, written down before anything is evicted. Where the roll before is not finished, one that was
 * ready is none of them: it fails while another is away. */
inline note()
{
	if
	:: is_unfinished ->
		noted[0] = is_dead(0) && may_be_ours(0);
		noted[1] = is_dead(1) && may_be_ours(1);
		noted[2] = is_dead(2) && may_be_ours(2)
	:: else ->
		noted[0] = is_dead(0);
		noted[1] = is_dead(1);
		noted[2] = is_dead(2)
	fi;
	record = revision
}

/* Those first. Any other goes when all others are back, a ready one only while no server is removed. */
inline decide_roll()
{
	if
	:: pod[0] == ENDING || pod[1] == ENDING || pod[2] == ENDING
	:: else ->
		if
#ifdef UNREADY_GOES
		:: is_dead(0) -> choose(EVICT, 0)
		:: !is_dead(0) && is_dead(1) -> choose(EVICT, 1)
		:: !is_dead(0) && !is_dead(1) && is_dead(2) -> choose(EVICT, 2)
#else
		:: is_dead(0) && noted[0] -> choose(EVICT, 0)
		:: is_dead(1) && noted[1] && !noted[0] -> choose(EVICT, 1)
		:: is_dead(2) && noted[2] && !noted[0] && !noted[1] -> choose(EVICT, 2)
		:: is_dead(0) && !any(noted_dead) && c != EMPTY && is_host(1) && is_host(2) -> choose(EVICT, 0)
		:: is_dead(1) && !any(noted_dead) && c != EMPTY && is_host(0) && is_host(2) -> choose(EVICT, 1)
		:: is_dead(2) && !any(noted_dead) && c != EMPTY && is_host(0) && is_host(1) -> choose(EVICT, 2)
#endif
		:: !busy && c != EMPTY && is_well(0) && is_well(1) && is_well(2) ->
			if
			:: is_outdated(1) -> choose(EVICT, 1)
			:: !is_outdated(1) && is_outdated(2) -> choose(EVICT, 2)
			:: !is_outdated(1) && !is_outdated(2) && is_outdated(0) -> choose(EVICT, 0)
			:: else
			fi
		:: else
		fi
	fi
}

/* The budget: one may be away; one that is not ready may always go. */
#define is_held(i) ((i) >= replicas || is_ready(i))
#define may_evict(i) ((pod[i] == UP || pod[i] == STARTING) && !no_budget && \
	(!is_ready(i) || ((i == 0 || is_held(0)) && (i == 1 || is_held(1)) && (i == 2 || is_held(2)))))

inline carry_out()
{
	if
	:: act == SCALE -> replicas = arg
	:: act == MARK && claim[arg] && !replaced -> leaving[arg] = true
	:: act == DRAIN && volume[arg] != EMPTY && row[at(volume[arg], arg)] == ENABLED && has_quorum(volume[arg]) ->
		row[at(volume[arg], arg)] = DEALLOCATING;
		told[at(volume[arg], arg)] = true
	:: act == CONDEMN && claim[arg] && !replaced -> condemned[arg] = true
	:: act == DROP && volume[arg] != EMPTY && row[at(volume[arg], arg)] == DEALLOCATED && has_quorum(volume[arg]) ->
		row[at(volume[arg], arg)] = DROPPED
	:: act == DISCARD && claim[arg] && !replaced && pod[arg] == ABSENT ->
		assert(volume[arg] != EMPTY && told[at(volume[arg], arg)]);
		assert(!last_copy(arg));
		lose(arg)
	:: act == EVICT && !replaced && may_evict(arg) ->
		if
		:: !rolling ->
			rolling = true;
			served[0] = is_ready(0);
			served[1] = is_ready(1);
			served[2] = is_ready(2)
		:: else
		fi;
		assert(!(served[arg] && others_away(arg)));
		away[arg] = true;
		pod[arg] = ENDING
	:: else
	fi
}

active proctype Operator()
{
	byte c, target;
	bool busy;

	do
	:: atomic {
		ask();
		set_target();
		decide_scale();
		if
		:: act == REST && any(is_outdated) && record != revision -> note()
		:: act == REST && any(is_outdated) && record == revision -> decide_roll()
		:: else
		fi;
		c = EMPTY;
		target = 0;
		busy = false
	   }
	   /* Between the answer and the act anything may happen. */
	   atomic {
#ifdef SKIP_UID
		replaced = false;
#endif
		carry_out();
		act = REST;
		arg = 0;
		replaced = false;
		look()
	   }
	od
}

/* --- everybody else --- */

#define is_empty(i) (pod[i] == STARTING && !dud[i] && volume[i] == EMPTY)
#define founders (wanted > replicas -> wanted : replicas)
#define needed (founders < N -> founders : N)

inline make(i)
{
	claim[i] = true;
	pod[i] = STARTING;
	made_of[i] = revision;
	noted[i] = false;
	dud[i] = bad;
	sick[i] = false;
	served[i] = false;
	replaced = replaced || (act == EVICT && arg == i)
}

inline unmake(i)
{
	pod[i] = ABSENT;
	sick[i] = false;
	dud[i] = false;
	noted[i] = false;
	ever[i] = false;
	made_of[i] = 0
}

inline join(c, i)
{
	volume[i] = c;
	row[at(c, i)] = ENABLED;
	told[at(c, i)] = false;
	pod[i] = UP
}

inline enter(i)
{
	if
	:: has_quorum(OLD) && !split -> join(OLD, i)
	:: !(has_quorum(OLD) && !split) && has_quorum(NEW) -> join(NEW, i)
	:: else ->
		/* Not one that may be ready already, or in a cluster: at least so many as the settings say. */
		if
		:: is_empty(0) -> join(NEW, 0); copy[at(NEW, 0)] = true
		:: else -> copy[at(NEW, 1)] = true
		fi;
		if
		:: is_empty(1) -> join(NEW, 1)
		:: else
		fi;
		if
		:: is_empty(2) -> join(NEW, 2)
		:: else
		fi
	fi
}

#define is_unused(c) (row[at(c, 0)] + row[at(c, 1)] + row[at(c, 2)] + lost[(c) - 1] == 0)
#define may_enter(i) (is_empty(i) && ((has_quorum(OLD) && !split) || has_quorum(NEW) || \
	(is_unused(NEW) && is_empty(0) + is_empty(1) + is_empty(2) >= needed)))
#define is_place(c, i) (row[at(c, i)] == ENABLED && pod[i] == UP && volume[i] == (c))
#define has_place(c, i) ((i != 0 && is_place(c, 0)) || (i != 1 && is_place(c, 1)) || (i != 2 && is_place(c, 2)))

/* A copy needs a server that has it to come from. */
#define is_source(c, i) (copy[at(c, i)] && pod[i] == UP && volume[i] == (c))
#define may_move(c, i) \
	(row[at(c, i)] == DEALLOCATING && copy[at(c, i)] && has_quorum(c) && has_place(c, i) && \
	 (is_source(c, 0) || is_source(c, 1) || is_source(c, 2)))

inline move(c, i)
{
	copy[at(c, i)] = false;
	if
	:: i != 0 && is_place(c, 0) -> copy[at(c, 0)] = true
	:: i != 1 && is_place(c, 1) -> copy[at(c, 1)] = true
	:: i != 2 && is_place(c, 2) -> copy[at(c, 2)] = true
	fi
}

#define may_finish(c) (row[at(c, 2)] == DEALLOCATING && !copy[at(c, 2)] && has_quorum(c))

active proctype World()
{
end:	do
	:: atomic { pod[0] == ABSENT && replicas > 0 -> make(0) }
	:: atomic { pod[1] == ABSENT && replicas > 1 -> make(1) }
	:: atomic { pod[2] == ABSENT && replicas > 2 -> make(2) }
	:: atomic { replicas < 2 && (pod[1] == STARTING || pod[1] == UP) -> pod[1] = ENDING; look() }
	:: atomic { replicas < 3 && (pod[2] == STARTING || pod[2] == UP) -> pod[2] = ENDING; look() }
	:: atomic { pod[0] == ENDING -> unmake(0) }
	:: atomic { pod[1] == ENDING -> unmake(1) }
	:: atomic { pod[2] == ENDING -> unmake(2) }
	:: atomic { pod[0] == STARTING && !dud[0] && volume[0] != EMPTY -> pod[0] = UP; look() }
	:: atomic { pod[1] == STARTING && !dud[1] && volume[1] != EMPTY -> pod[1] = UP; look() }
	:: atomic { pod[2] == STARTING && !dud[2] && volume[2] != EMPTY -> pod[2] = UP; look() }
	:: atomic { may_enter(0) -> enter(0); look() }
	:: atomic { may_enter(1) -> enter(1); look() }
	:: atomic { may_enter(2) -> enter(2); look() }
	:: atomic { may_move(OLD, 2) -> move(OLD, 2) }
	:: atomic { may_move(NEW, 2) -> move(NEW, 2) }
	:: atomic { may_finish(OLD) -> row[at(OLD, 2)] = DEALLOCATED }
	:: atomic { may_finish(NEW) -> row[at(NEW, 2)] = DEALLOCATED }
	:: atomic { row[at(OLD, 2)] == DROPPED -> row[at(OLD, 2)] = NONE }
	:: atomic { row[at(NEW, 2)] == DROPPED -> row[at(NEW, 2)] = NONE }
	od
}

inline recall()
{
	past[0] = row[0];
	past[1] = row[1];
	past[2] = row[2];
	past[3] = row[3];
	past[4] = row[4];
	past[5] = row[5]
}

inline destroy(i)
{
	unsound = true;
	unmake(i);
	lose(i);
	look()
}

#define forget past[0] = 0; past[1] = 0; past[2] = 0; past[3] = 0; past[4] = 0; past[5] = 0

#define may_fail(i) (pod[i] == UP && !(act == EVICT && arg == i))

/* One event, out of what is left of the budget. */
active proctype Environment()
{
	byte left = FAULTS;

	atomic {
		claim[0] = true; claim[1] = true; claim[2] = true;
		volume[0] = OLD; volume[1] = OLD; volume[2] = OLD;
		row[0] = ENABLED; row[1] = ENABLED; row[2] = ENABLED;
		pod[0] = UP; pod[1] = UP; pod[2] = UP;
		made_of[0] = 1; made_of[1] = 1; made_of[2] = 1;
		ever[0] = true; ever[1] = true; ever[2] = true;
		if
		:: copy[0] = true
		:: copy[2] = true
		:: copy[1] = true; copy[2] = true
		fi
	}
	do
	:: atomic { left > 0 && act != REST -> left--; act = REST; arg = 0; replaced = false } /* the operator is killed */
	:: atomic { left > 0 -> left--; wanted = (wanted == N -> FEWER : N) }
	:: atomic { left > 0 -> left--; revision++; if :: bad = true :: bad = false fi }
	:: atomic { left > 0 && claim[0] -> left--; destroy(0) }
	:: atomic { left > 0 && claim[1] -> left--; destroy(1) }
	:: atomic { left > 0 && claim[2] -> left--; destroy(2) }
	:: atomic { left > 0 -> left--; if :: pod[0] == UP -> pod[0] = ENDING :: pod[1] == UP -> pod[1] = ENDING :: pod[2] == UP -> pod[2] = ENDING :: else fi; look() }
	:: atomic { left > 0 -> left--; if :: may_fail(0) -> sick[0] = true :: may_fail(1) -> sick[1] = true :: may_fail(2) -> sick[2] = true :: else fi }
	:: atomic { sick[0] -> sick[0] = false; look() }
	:: atomic { sick[1] -> sick[1] = false; look() }
	:: atomic { sick[2] -> sick[2] = false; look() }
	:: atomic { left > 0 -> left--; if :: replicas = 1 :: replicas = 2 :: replicas = 3 fi; look() }
	:: atomic { left > 0 && !no_budget -> left--; no_budget = true }
	:: atomic { no_budget -> no_budget = false }
	:: atomic { left > 0 && !lagging -> left--; lagging = true; recall() }
	:: atomic { lagging -> lagging = false; forget }
	:: atomic { left > 0 && !split -> left--; split = true }
	:: break
	od;
	/* All faults end, and the user mends the template. */
	atomic {
		left = 0;
		no_budget = false; lagging = false; split = false; forget;
		sick[0] = false; sick[1] = false; sick[2] = false;
		if
		:: bad -> bad = false; revision++
		:: else
		fi;
		look();
		done = true
	}
}

#define is_right(i) \
	(((i) >= wanted && pod[i] == ABSENT && !condemned[i]) || \
	 ((i) < wanted && pod[i] == UP && made_of[i] == revision && row[at(OLD, i)] == ENABLED))
#define rests (done && (unsound || (replicas == wanted && is_right(0) && is_right(1) && is_right(2))))

ltl settles { <>[] rests }
