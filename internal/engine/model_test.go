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

// This test explores how runners share one entry in object storage. It runs the real engine and cache, not a model of
// the protocol. A runner stops before each operation on the entry, before its token request reaches the server, and
// before the answer returns. Its actions between two stops do not affect other runners, so the only choices are the
// order of these steps and their faults. The explorer takes every choice, depth first. Each execution is replayed from
// the start, in a bubble whose clock moves only when the explorer lets it.
//
// Three rules keep the exploration small. The results of a runner's steps determine its next steps, so two executions
// in which all runners have seen the same results are in the same state, and only one of them continues. Runners differ
// only in their names. A runner that waits for a claim reads the entry again only when the entry has changed, or when
// no other runner can move and time passes.
//
// The promises, by number:
//
//	1  A refresh token that has reached a runner, or a newer one, is eventually stored unless the runner was warned.
//	2  Outside the window, no request is sent before its intent is stored, no code is sent twice, and no ended refresh
//	   token is sent. The window is a crash, a pause beyond the claim, a lost answer or a failing store between intent
//	   and result, in the runner that sends the token or in the runner that replaced it.
//	3  Every runner that does not crash finishes.
//	4  Errors and warnings are true: they name only the runner whose answer was lost, and every undisturbed runner has a
//	   token.
//	5  Without such a window, one request is sent.

// modelStart is the situation before the runners start.
type modelStart struct {
	grant oauth.GrantType
	due   bool // a login is stored and due for renewal
	// again makes both runners ask for private tokens, the second one twice. If the first runner sleeps before it
	// stores its token, it then finds a newer token or a login that the second runner has ended. There are no other
	// faults.
	again bool
}

// modelBound limits the number of runners and faults.
type modelBound struct{ runners, faults int }

// modelScope returns the starts and bounds to explore. MODEL=deep takes an hour or more on two cores.
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
		// If the server refuses the stored refresh token, the runner also sends the configured one.
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
				case bound.faults == 0 && !kind.kills: // without faults, all servers lead to the same executions
					continue
				case kindName == "replacing" && !deep: // its states equal those of the strict server
					continue
				}
				t.Run(fmt.Sprintf("%s, %s server, %d runners, %d faults", startName, kindName, bound.runners, bound.faults), func(t *testing.T) {
					t.Parallel()
					x := &exploration{bound: bound, seen: map[string]bool{}, broken: map[string]finding{}}
					for more := true; more && len(x.broken) == 0; more = x.next() {
						synctest.Test(t, func(t *testing.T) { x.execute(newModel(t, start, kind, bound.runners)) })
					}
					t.Logf("%d states, %d executions, %d of them complete", len(x.seen), x.executions, x.ended)
					for _, promise := range slices.Sorted(maps.Keys(x.broken)) {
						t.Errorf("%s:\n\t%s", x.broken[promise].what, strings.Join(x.broken[promise].trace, "\n\t"))
					}
				})
			}
		}
	}
}

// exploration runs all executions, depth first.
type exploration struct {
	bound             modelBound
	path              []choice
	depth             int // index in path
	seen              map[string]bool
	executions, ended int
	broken            map[string]finding // the shortest finding for each promise
}

type choice struct {
	taken, of int
	in        string // the state
}

type finding struct {
	what  string
	trace []string
}

// next advances to the next path and reports whether there is one.
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

// modelSteps exceeds the number of steps of any execution.
const modelSteps = 100

// execute runs one execution until it finishes or reaches a known state.
func (x *exploration) execute(m *model) {
	x.executions++
	runners := m.runners
	x.steps(m)
	m.drain(runners)
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
				m.breaks("0: a step without a trace would hide later steps")
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
	m.breaks("3: the execution does not finish")
}

// modelFault is a fault of a step.
type modelFault string

const (
	none       modelFault = ""
	crash      modelFault = "crash"              // before the step; a crash after a step is a crash before the next step
	failing    modelFault = "fails"              // the step has no effect, and the runner knows
	vanishing  modelFault = "lost on the way"    // the step has no effect, and the runner does not know
	unanswered modelFault = "the answer is lost" // the step takes effect
	late       modelFault = "the answer is late" // the step takes effect, and the claim has ended since
	// The store's clock passes the end of all claims while no runner moves. The runner that moves next was not paused;
	// the explorer decides how long the others stay paused.
	overtime modelFault = "time passes"
	// No runner can move before a claim ends, which is not a fault.
	idle modelFault = "time passes, because no runner can move"
)

var faultsOf = map[modelStep][]modelFault{
	getting:   {crash, failing},
	putting:   {crash, failing, vanishing, unanswered, late},
	arriving:  {crash, failing, vanishing},
	answering: {crash, unanswered},
}

// move is a possible next step. If runner is nil, it affects all runners.
type move struct {
	runner *modelRunner
	fault  modelFault
}

// moves returns the possible next steps, or none if all runners have finished.
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
		isPrivate := r.stop == answering || r.stop == putLate // other runners don't notice when it continues
		if isPrivate {
			moves, faulty = nil, nil
		}
		moves = append(moves, move{r, none})
		for _, fault := range faultsOf[r.stop] {
			switch {
			case m.request.Private: // see modelStart
			case r.polling: // a fault would only delay the wait
			case fault == crash && r.attempt == nil: // as if the runner had not started
			case fault == late && r.attempt != nil: // only an intent must be in time
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
	for n := 0; r.stop == "" && !r.done; n++ { // until the runner reads the entry again
		if n == 1000 {
			r.breaks("3: %s is stuck", r.name)
			return
		}
		m.pass(modelPause)
	}
	if r.done {
		return // the runner has waited too long
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
	for !r.done && r.stop == "" && (r.last == arriving || r.last == answering) { // the runner repeats its request
		m.pass(modelPause)
	}
}

// endClaims lets time pass until every claim has ended.
func (m *model) endClaims(why modelFault) {
	m.trace = append(m.trace, string(why))
	m.aged, m.ends = true, m.ends+1
	for _, r := range m.runners {
		if r.done || r.gone || len(r.history) == 0 {
			continue
		}
		switch {
		case why != overtime:
		case r.stop == putLate: // others may assume that it has sent a request, which it must not do
			r.exposed = true
		default:
			r.expose()
		}
		r.saw = "nothing"
		r.history = append(r.history, string(why))
	}
	m.pass(claimLife + time.Second)
}

// state describes everything that determines the next steps.
func (m *model) state() string {
	anonymous := strings.NewReplacer("A", "#", "B", "#", "C", "#")
	var histories, names []string
	for _, r := range slices.SortedStableFunc(slices.Values(m.runners), func(a, b *modelRunner) int {
		return strings.Compare(anonymous.Replace(a.knows()), anonymous.Replace(b.knows()))
	}) {
		names = append(names, r.name, fmt.Sprintf("#%d.", len(histories)))
		histories = append(histories, r.knows())
	}
	// Equal texts mean that the states are equal except for the runners' names.
	return strings.NewReplacer(names...).Replace(fmt.Sprintf("%q %s %t %s", histories, m.written[m.version], m.aged, m.server.log.String()))
}

// check lets all claims end, then asks with another runner: immediately, and again when the login is due.
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
		m.breaks("1: the store has refresh token %d, a runner received %d", stored.depth, newest)
	}
	next := m.ask("next")
	m.judge(next)
	if !m.isExposed() {
		for _, r := range append(runners, next) {
			isTold := r.unstored || m.offline || m.ends > 1 // by an error that judge has checked
			if !r.gone && !isTold && (r.err != nil || len(r.warnings) > 0) {
				m.breaks("4: %s was not disturbed, but got error %v and warnings %v", r.name, r.err, r.warnings)
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
		m.breaks("1: a valid refresh token is stored, but the next runner got error %v; when the token was due, error %v and warnings %v", next.err, last.err, last.warnings)
	}
}

// isExposed reports whether a fault occurred in the middle of an attempt.
func (m *model) isExposed() bool {
	return slices.ContainsFunc(m.runners, func(r *modelRunner) bool { return r.exposed })
}

// judge checks that a runner's error and warnings are true.
func (m *model) judge(r *modelRunner) {
	if len(r.warnings) > 0 && (!r.unstored || !r.notStored()) {
		m.breaks("4: %s got unexpected warnings: %v", r.name, r.warnings)
	}
	ended, isEnded := errors.AsType[*engine.LoginEndedError](r.err)
	lost, isLost := errors.AsType[*engine.AnswerLostError](r.err)
	failed, isFailed := errors.AsType[*oauth.TokenError](r.err)
	_, isBusy := errors.AsType[*engine.BusyError](r.err)
	_, isStore := errors.AsType[*engine.CacheError](r.err)
	switch {
	case isEnded && ended.Lost == nil:
		m.breaks("4: the error of %s does not name the lost answer: %v", r.name, r.err)
	case isEnded:
		m.checkBlame(r, *ended.Lost)
	case isLost:
		m.checkBlame(r, lost.Lost)
	case isFailed && failed.Outcome != oauth.Refused && (m.isExposed() || m.offline):
	case isFailed && m.request.Private && m.isExposed(): // its own request, with the token from before the pause, has ended the login
	case isBusy && m.ends > 1: // the runner has waited longer than two claims last
	case isStore && r.unstored:
	case r.err != nil:
		m.breaks("4: %s: %v", r.name, r.err)
	}
}

// checkBlame checks that the runner named in lost may have lost an answer. A runner knows whether it lost its own.
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
	exposed       bool // in the window; see promise 2
}

// model is one execution.
type model struct {
	*testing.T
	modelWorld
	runners []*modelRunner
	faults  int                       // so far
	ends    int                       // the number of times that claims have ended
	version bucket.Version            // of the entry
	written map[bucket.Version]string // the names of versions
	aged    bool                      // the version is older than a claim
	offline bool                      // a request did not reach the server
	trace   []string
	broken  []string
}

func (m *model) breaks(format string, values ...any) {
	m.broken = append(m.broken, fmt.Sprintf(format, values...))
}
