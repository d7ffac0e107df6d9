package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// This test explores how runners share one entry in object storage: not a drawing of the protocol, but the engine and
// the cache themselves. A runner stops before each operation on the entry, before its token request reaches the
// server, and before the answer comes back. What it does between two stops concerns nobody else, so the order of these
// steps, and what goes wrong with them, is all there is to choose. The explorer takes every choice, depth first; each
// execution is replayed from the start, in a bubble whose clock moves only when the explorer lets it.
//
// Three things keep this small. What a runner will do follows from what its steps have brought, so two executions in
// which everybody has seen the same are in one state, and only one of them goes on. Runners differ in their names only.
// And one that waits for a claim looks again when there is something new to see, or when nobody else can move and time
// passes.
//
// What must hold, by number:
//
//	1  A refresh token that has reached a runner is stored in the end, or a newer one, unless the runner was warned.
//	2  Nothing is sent before its intent is stored, no code twice, and no refresh token that has ended, outside the
//	   window: a crash, a pause beyond the claim, a lost answer or a failing store between intent and result, of the
//	   runner that shows the token or of the one that has replaced it.
//	3  Every runner that does not crash comes to an end.
//	4  Errors and warnings are true: they name the runner whose answer was lost and no other, and every undisturbed
//	   runner has a token.
//	5  Without such a window, one request is sent.

// modelStart is what there is before the runners come.
type modelStart struct {
	grant oauth.GrantType
	due   bool // a login is stored, and has to be renewed
	// again lets the second runner ask twice, and both for a token of their own: if the first one sleeps before it stores
	// its token, it finds a newer one, or a login that the second one has ended. Nothing else goes wrong.
	again bool
}

// modelBound is how many runners there are, and how much goes wrong.
type modelBound struct{ runners, faults int }

// modelScope returns what is explored. MODEL=deep takes an hour or more on two cores.
func modelScope() (map[string]modelStart, []modelBound) {
	starts := map[string]modelStart{
		"refresh token": {grant: oauth.RefreshToken},
		"code":          {grant: oauth.AuthorizationCode},
		"login is due":  {grant: oauth.AuthorizationCode, due: true},
		"again":         {grant: oauth.RefreshToken, again: true},
	}
	switch {
	case testing.Short():
		return starts, []modelBound{{2, 0}, {3, 0}}
	case os.Getenv("MODEL") == "deep":
		// Where the stored refresh token is refused, the configured one is shown as well.
		starts["login is due, refresh token"] = modelStart{grant: oauth.RefreshToken, due: true}
		return starts, []modelBound{{2, 2}, {3, 1}}
	}
	return starts, []modelBound{{2, 1}, {3, 0}}
}

func TestModel(t *testing.T) {
	t.Parallel()
	starts, bounds := modelScope()
	for startName, start := range starts {
		for kindName, kind := range map[string]modelServer{
			"lenient":   {},
			"replacing": {replaces: true},
			"strict":    {replaces: true, kills: true},
		} {
			for _, bound := range bounds {
				switch deep := os.Getenv("MODEL") == "deep"; {
				case start.again && bound.runners > 2:
					continue
				case bound.faults == 0 && !kind.kills: // without faults they do the same
					continue
				case kindName == "replacing" && !deep: // its states are those of the strict one
					continue
				}
				t.Run(fmt.Sprintf("%s, %s server, %d runners, %d faults", startName, kindName, bound.runners, bound.faults), func(t *testing.T) {
					t.Parallel()
					x := &exploration{bound: bound, seen: map[string]bool{}, broken: map[string]finding{}}
					for more := true; more && len(x.broken) == 0; more = x.next() {
						synctest.Test(t, func(t *testing.T) { x.execute(newModel(t, start, kind, bound.runners)) })
					}
					t.Logf("%d states, %d executions, %d of them to the end", len(x.seen), x.executions, x.ended)
					for _, promise := range slices.Sorted(maps.Keys(x.broken)) {
						t.Errorf("%s:\n\t%s", x.broken[promise].what, strings.Join(x.broken[promise].trace, "\n\t"))
					}
				})
			}
		}
	}
}

// exploration goes through all executions, depth first.
type exploration struct {
	bound             modelBound
	path              []choice
	depth             int // in the path
	seen              map[string]bool
	executions, ended int
	broken            map[string]finding // the shortest one for each promise
}

type choice struct {
	taken, of int
	in        string // the state
}

type finding struct {
	what  string
	trace []string
}

// next goes on to the next path, until there is none.
func (x *exploration) next() bool {
	x.depth = 0
	for n := len(x.path) - 1; n >= 0; n-- {
		if x.path[n].taken++; x.path[n].taken < x.path[n].of {
			x.path = x.path[:n+1]
			return true
		}
	}
	return false
}

// modelSteps is more than any execution takes.
const modelSteps = 100

// execute goes through one execution, up to a state that is known.
func (x *exploration) execute(m *model) {
	x.executions++
	runners := m.runners
	x.steps(m)
	m.bury(runners)
	for _, what := range m.broken {
		promise := what[:1]
		if known, found := x.broken[promise]; !found || len(m.trace) < len(known.trace) {
			x.broken[promise] = finding{what, m.trace}
		}
	}
}

func (x *exploration) steps(m *model) {
	synctest.Wait()
	for range modelSteps {
		moves := m.moves(x.bound.faults)
		if len(moves) == 0 {
			x.ended++
			m.check()
			return
		}
		if x.depth == len(x.path) {
			state := m.state()
			if n := len(x.path); n > 0 && x.path[n-1].in == state {
				m.breaks("0: a step that leaves no trace would hide what comes after it")
			}
			if x.seen[state] {
				return
			}
			x.seen[state] = true
			x.path = append(x.path, choice{0, len(moves), state})
		}
		taken := x.path[x.depth].taken
		x.depth++
		m.take(moves[taken])
	}
	m.breaks("3: there is no end")
}

// modelFault is what goes wrong with a step.
type modelFault string

const (
	none       modelFault = ""
	crash      modelFault = "crash"              // before it; a crash after a step is one before the next
	failing    modelFault = "fails"              // it does not take place, which is known
	vanishing  modelFault = "lost on the way"    // it does not take place, which is not known
	unanswered modelFault = "the answer is lost" // it takes place
	late       modelFault = "the answer is late" // it takes place, and the claim has ended since
	// The store's clock passes the end of all claims while everybody stands still. The runner that moves next was not paused, the
	// others are as long as the explorer likes.
	overtime modelFault = "time passes"
	// Nobody can move before a claim ends, which is no fault.
	idle modelFault = "time passes, because nobody can move"
)

var faultsOf = map[modelStep][]modelFault{
	getting:   {crash, failing},
	putting:   {crash, failing, vanishing, unanswered, late},
	arriving:  {crash, failing, vanishing},
	answering: {crash, unanswered},
}

// move is what may happen next, to everybody if runner is nil.
type move struct {
	runner *modelRunner
	fault  modelFault
}

// moves returns all that may happen next, nothing if everybody has come to an end.
func (m *model) moves(bound int) []move {
	var moves, faulty []move
	underWay, claiming := false, false
	for _, r := range m.runners {
		if r.done || r.gone {
			continue
		}
		underWay = true
		r.polling = r.polling || r.stop == ""
		if r.polling && r.saw == m.version {
			continue
		}
		if m.request.Private {
			claiming = claiming || r.asks == 1 && r.stop == putting && r.attempt != nil && r.attempt.granted
		} else {
			claiming = claiming || r.attempt != nil || r.stop == putting
		}
		isPrivate := r.stop == answering || r.stop == putLate // it does not matter to others when it goes on
		if isPrivate {
			moves, faulty = nil, nil
		}
		moves = append(moves, move{r, none})
		for _, fault := range faultsOf[r.stop] {
			switch {
			case m.request.Private: // see modelStart
			case r.polling: // and so it would only be later
			case fault == crash && r.attempt == nil: // as if it had not come
			case fault == late && r.attempt != nil: // only an intent has to be in time
			default:
				faulty = append(faulty, move{r, fault})
			}
		}
		if isPrivate {
			claiming = false
			break
		}
	}
	switch {
	case underWay && len(moves) == 0:
		return []move{{nil, idle}}
	case m.faults == bound:
		return moves
	case claiming:
		faulty = append(faulty, move{nil, overtime})
	}
	return append(moves, faulty...)
}

func (m *model) take(next move) {
	r, fault := next.runner, next.fault
	if fault != none && fault != idle {
		m.faults++
	}
	if r == nil {
		m.endClaims(fault)
		return
	}
	for n := 0; r.stop == "" && !r.done; n++ { // until it looks again
		if n == 1000 {
			r.breaks("3: %s is stuck", r.name)
			return
		}
		m.pass(modelPause)
	}
	if r.done {
		return // it has waited too long
	}
	if fault != none {
		r.note("%s: %s", r.stop, fault)
		r.unstored = r.unstored || fault != late && (r.stop == getting || r.stop == putting)
		m.offline = m.offline || r.stop == arriving
		r.lost = r.lost || r.stop == arriving && fault == vanishing || r.stop == answering
		if isHarmless := fault == late || r.stop == putting && fault == unanswered || r.stop == arriving && fault == failing; !isHarmless {
			r.expose()
		}
	}
	if fault == crash {
		r.gone = true
		return
	}
	r.resume <- fault
	synctest.Wait()
	if fault == late {
		m.endClaims(overtime)
	}
	for !r.done && r.stop == "" && (r.last == arriving || r.last == answering) { // it repeats its request
		m.pass(modelPause)
	}
}

// endClaims lets so much time pass that every claim ends.
func (m *model) endClaims(why modelFault) {
	m.trace = append(m.trace, string(why))
	m.aged, m.ends = true, m.ends+1
	for _, r := range m.runners {
		if r.done || r.gone || len(r.history) == 0 {
			continue
		}
		switch {
		case why != overtime:
		case r.stop == putLate: // others may think that it has sent something, and it must not
			r.exposed = true
		default:
			r.expose()
		}
		r.saw = "nothing"
		r.history = append(r.history, string(why))
	}
	m.pass(claimLife + time.Second)
}

// state is all that what may happen next depends on.
func (m *model) state() string {
	anonymous := strings.NewReplacer("A", "#", "B", "#", "C", "#")
	var histories, names []string
	for _, r := range slices.SortedStableFunc(slices.Values(m.runners), func(a, b *modelRunner) int {
		return strings.Compare(anonymous.Replace(a.knows()), anonymous.Replace(b.knows()))
	}) {
		names = append(names, r.name, fmt.Sprintf("#%d.", len(histories)))
		histories = append(histories, r.knows())
	}
	// Equal texts mean that one state becomes the other if the runners change their names.
	return strings.NewReplacer(names...).Replace(fmt.Sprintf("%q %s %t %s", histories, m.written[m.version], m.aged, m.server.log.String()))
}

// check lets everything settle, and asks with another runner: at once, and when the login is due again.
func (m *model) check() {
	runners := slices.Clone(m.runners)
	m.pass(claimLife + time.Second)
	stored := m.stored()
	newest := 0
	for _, r := range runners {
		if r.gone {
			continue
		}
		m.judge(r)
		if !r.notStored() {
			newest = max(newest, r.received)
		}
	}
	if stored.depth < newest {
		m.breaks("1: the store has refresh token %d, a runner has had %d", stored.depth, newest)
	}
	next := m.ask("next")
	m.judge(next)
	if !m.isExposed() {
		for _, r := range append(runners, next) {
			isTold := r.unstored || m.offline || m.ends > 1 // by an error that judge has looked at
			if !r.gone && !isTold && (r.err != nil || len(r.warnings) > 0) {
				m.breaks("4: %s was not disturbed, and has %v, %v", r.name, r.err, r.warnings)
			}
		}
		due := 1
		if m.request.Private {
			due = 0
			for _, r := range m.runners {
				due += r.tokens
			}
		}
		if m.server.granted != due || m.server.requests != due {
			m.breaks("5: %d requests, %d granted, for %d renewals", m.server.requests, m.server.granted, due)
		}
	}
	if stored.depth == 0 || stored.ended {
		return
	}
	granted := m.server.granted
	m.pass(modelLifetime)
	if last := m.ask("last"); next.err != nil || last.err != nil || len(last.warnings) > 0 || m.server.granted != granted+1 {
		m.breaks("1: a good refresh token is stored, but: %v; and when it is due: %v, %v", next.err, last.err, last.warnings)
	}
}

// isExposed tells whether anything has gone wrong in the middle of an attempt.
func (m *model) isExposed() bool {
	return slices.ContainsFunc(m.runners, func(r *modelRunner) bool { return r.exposed })
}

// judge checks that what a runner was told is true.
func (m *model) judge(r *modelRunner) {
	if len(r.warnings) > 0 && (!r.unstored || !r.notStored()) {
		m.breaks("4: %s is warned: %v", r.name, r.warnings)
	}
	ended, isEnded := errors.AsType[*engine.LoginEndedError](r.err)
	lost, isLost := errors.AsType[*engine.AnswerLostError](r.err)
	failed, isFailed := errors.AsType[*oauth.TokenError](r.err)
	_, isBusy := errors.AsType[*engine.BusyError](r.err)
	_, isStore := errors.AsType[*engine.CacheError](r.err)
	switch {
	case isEnded && ended.Lost == nil:
		m.breaks("4: %s is not told what was lost: %v", r.name, r.err)
	case isEnded:
		m.checkBlame(r, *ended.Lost)
	case isLost:
		m.checkBlame(r, lost.Lost)
	case isFailed && failed.Outcome != oauth.Refused && (m.isExposed() || m.offline):
	case isFailed && m.request.Private && m.isExposed(): // its own request, with the token from before the pause, has ended the login
	case isBusy && m.ends > 1: // it has waited for longer than two claims last
	case isStore && r.unstored:
	case r.err != nil:
		m.breaks("4: %s: %v", r.name, r.err)
	}
}

// checkBlame checks that the runner which is said to have lost an answer may have lost one. It knows about itself.
func (m *model) checkBlame(r *modelRunner, lost engine.Intent) {
	for _, culprit := range m.runners {
		mayHaveLost := culprit.exposed && culprit != r || culprit.lost
		if lost.At.Nanosecond()/int(modelSkew)%1000 == culprit.number && !mayHaveLost {
			m.breaks("4: %s blames %s: %v", r.name, culprit.name, r.err)
		}
	}
}

// attempt is a token request from its intent to its result in the store.
type attempt struct {
	sent, granted bool
	exposed       bool // it is in the window, see promise 2
}

// model is one execution.
type model struct {
	*testing.T
	modelWorld
	runners []*modelRunner
	faults  int                       // so far
	ends    int                       // how often claims have ended
	version bucket.Version            // of the entry
	written map[bucket.Version]string // what versions are called
	aged    bool                      // the version is older than a claim
	offline bool                      // a request did not reach the server
	trace   []string
	broken  []string
}

func (m *model) breaks(format string, values ...any) {
	m.broken = append(m.broken, fmt.Sprintf(format, values...))
}
