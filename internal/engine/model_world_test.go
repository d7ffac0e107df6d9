package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// modelWorld is the state that the runners of an execution share.
type modelWorld struct {
	store   *buckettest.Store
	server  *modelServer
	goTo    oauth.Server
	request engine.Request
	key     cache.Key
	turn    atomic.Int64 // orders the actions of the explorer and the runners, for the race detector
}

const (
	modelCredential = "configured"
	modelLifetime   = 100 * time.Hour
	// modelPause is the interval at which the explorer checks whether a waiting runner reads the entry again.
	modelPause = 10 * time.Millisecond
	// modelSkew is the offset between the clocks of successive runners. It lets an intent identify its runner.
	modelSkew = time.Microsecond
)

func newModel(t *testing.T, start modelStart, kind modelServer, runners int) *model {
	t.Helper()
	m := &model{T: t, written: map[bucket.Version]string{}}
	kind.model = m
	kind.credentials = map[string]*issued{modelCredential: {}}
	m.store, m.server, m.request = &buckettest.Store{}, &kind, with(start.grant, modelCredential)
	m.request.Private = start.again
	var err error
	if m.goTo, err = oauth.NewServer("https://goto.invalid"); err != nil {
		t.Fatal(err)
	}
	m.key = cache.NewKey("credential", m.goTo.String(), client.ID, string(start.grant), modelCredential)
	if start.due {
		if first := m.ask("first"); first.err != nil {
			t.Fatal(first.err)
		}
		m.server.granted, m.server.requests = 0, 0
		m.pass(modelLifetime)
	}
	for n := range runners {
		m.begin(string(rune('A'+n)), false)
	}
	return m
}

// pass advances the bubble's clock.
func (m *model) pass(duration time.Duration) {
	m.turn.Add(1)
	<-time.After(duration)
	synctest.Wait()
}

// stored returns the refresh token in the entry, with depth 0 if there is none.
func (m *model) stored() issued {
	text, err := cache.New(cache.NewObjects(m.store, "", cache.Options{})).Read(m.Context(), m.key, client.Secret)
	if errors.Is(err, cache.ErrNotFound) {
		return issued{}
	}
	var entry struct {
		Login struct {
			RefreshToken string `json:"refresh_token"`
		} `json:"login"`
	}
	if err := errors.Join(err, json.Unmarshal(text, &entry)); err != nil {
		m.breaks("1: %v", err)
	}
	if token := m.server.credentials[entry.Login.RefreshToken]; token != nil {
		return *token
	}
	return issued{}
}

// modelStep is a step before which a runner stops.
type modelStep string

const (
	getting   modelStep = "get"
	putting   modelStep = "put"
	putLate   modelStep = "put, at last" // the answer to a late put
	arriving  modelStep = "request"
	answering modelStep = "answer"
)

// modelRunner is one machine: an engine with its view of the store and the token server.
type modelRunner struct {
	*model
	*buckettest.Store
	name   string
	number int
	free   bool // does not stop
	resume chan modelFault

	stop, last modelStep // the present stop, empty while the runner waits for time to pass; and the previous stop
	gone       bool      // crashed: further actions have no effect
	done       bool
	polling    bool           // waits for a claim
	saw, wrote bucket.Version // the last version of each kind
	writes     int
	history    []string // everything the runner knows

	attempt  *attempt
	exposed  bool // an attempt was exposed
	lost     bool // the answer to an attempt was lost
	unstored bool // a store operation failed
	asks     int  // number of tokens to ask for
	tokens   int  // number of tokens received
	received int  // depth of the newest refresh token received

	warnings []engine.Warning
	err      error
}

// begin starts a runner that asks for a token.
func (m *model) begin(name string, free bool) *modelRunner {
	r := &modelRunner{model: m, Store: m.store, name: name, number: len(m.runners) + 1, free: free, resume: make(chan modelFault)}
	m.runners = append(m.runners, r)
	now := func() time.Time { return time.Now().Add(time.Duration(r.number) * modelSkew) }
	e := &engine.Engine{
		// No request here reaches the timeout. A lost answer has the same effect.
		Endpoint: &oauth.TokenEndpoint{Server: m.goTo, HTTP: &http.Client{Transport: r, Timeout: 10000 * time.Hour}, Now: now,
			MaxRetries: 1, Wait: func(int) time.Duration { return time.Millisecond }},
		Cache: cache.New(cache.NewObjects(r, "s3://bucket/prefix", cache.Options{ClaimTimeout: 2 * claimLife, ClaimLife: claimLife})),
		Now:   now,
	}
	if r.asks = 1; m.request.Private && name == "B" {
		r.asks = 2
	}
	go func() {
		for n := 0; n < r.asks && r.err == nil; n++ {
			_, warnings, err := e.Token(m.Context(), m.request)
			m.turn.Add(1)
			r.warnings, r.err = append(r.warnings, warnings...), err
			if r.attempt = nil; err == nil { // the runner stores an unsaved login later
				r.tokens++
			}
		}
		r.done = true
	}()
	return r
}

// ask lets a new runner ask for a token without faults.
func (m *model) ask(name string) *modelRunner {
	r := m.begin(name, true)
	synctest.Wait()
	return r
}

// drain lets the remaining runners finish without effect.
func (m *model) drain(runners []*modelRunner) {
	for _, r := range runners {
		r.gone = true
		if r.stop != "" {
			r.resume <- crash
		}
	}
	synctest.Wait()
	for slices.ContainsFunc(runners, func(r *modelRunner) bool { return !r.done }) {
		m.pass(modelPause)
	}
}

// at stops the runner before a step until the explorer lets it continue.
func (r *modelRunner) at(step modelStep) modelFault {
	r.turn.Add(1)
	switch {
	case r.free:
		return none
	case r.gone:
		return crash
	}
	r.stop = step
	fault := <-r.resume
	r.stop, r.last = "", step
	return fault
}

func (r *modelRunner) note(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	r.history, r.trace = append(r.history, text), append(r.trace, r.name+" "+text)
}

func (r *modelRunner) knows() string {
	return fmt.Sprintf("asks %d times;", r.asks) + strings.Join(r.history, ";")
}

// expose records a fault of the runner. The fault opens the window if the runner is in the middle of an attempt.
func (r *modelRunner) expose() {
	if r.attempt != nil {
		r.attempt.exposed, r.exposed = true, true
	}
}

// notStored reports whether the runner was warned that its token is not stored.
func (r *modelRunner) notStored() bool {
	return slices.ContainsFunc(r.warnings, func(warning engine.Warning) bool {
		_, ok := warning.(engine.NotStoredWarning)
		return ok
	})
}

// isEntry reports whether name is the entry. Hints and the marker of pruning take no part in the protocol.
func (m *model) isEntry(name string) bool { return strings.HasPrefix(name, m.key.String()) }

// Get implements [cache.Store].
func (r *modelRunner) Get(ctx context.Context, name string) (bucket.Object, error) {
	if !r.isEntry(name) {
		return r.Store.Get(ctx, name)
	}
	if r.at(getting) != none {
		return bucket.Object{}, buckettest.Unreachable(bucket.Read, name)
	}
	object, err := r.Store.Get(ctx, name)
	if r.saw = object.Version; r.saw != r.wrote && r.attempt != nil && !r.attempt.sent {
		r.attempt = nil // another runner was faster
	}
	if r.polling { // replaces the runner's previous read in its history
		last := len(r.history) - 1
		for !strings.HasPrefix(r.history[last], string(getting)) {
			last--
		}
		r.history, r.polling = slices.Delete(r.history, last, last+1), false
	}
	r.note("%s %s", getting, r.written[r.saw])
	return object, err
}

// Put implements [cache.Store].
func (r *modelRunner) Put(ctx context.Context, name string, contents []byte, ifVersion bucket.Version) (bucket.Version, error) {
	if !r.isEntry(name) {
		return r.Store.Put(ctx, name, contents, ifVersion)
	}
	fault := r.at(putting)
	if r.gone {
		return bucket.Absent, buckettest.Unreachable(bucket.Write, name)
	}
	begun := &attempt{} // the write is an intent
	if r.attempt != nil && r.attempt.sent {
		begun = nil // the write is a result
		if !r.attempt.granted {
			r.attempt = nil // a refusal need not be stored
		}
	}
	switch fault {
	case failing:
		return bucket.Absent, buckettest.Unreachable(bucket.Write, name)
	case vanishing:
		return bucket.Absent, buckettest.Ambiguous(name)
	}
	version, err := r.Store.Put(ctx, name, contents, ifVersion)
	r.note("%s over %s: %t", putting, r.written[ifVersion], err == nil)
	if err == nil {
		r.attempt = begun
		r.writes++
		r.wrote, r.version, r.aged = version, version, false
		r.written[version] = fmt.Sprintf("%s%d", r.name, r.writes)
	}
	switch fault {
	case unanswered:
		return bucket.Absent, buckettest.Ambiguous(name)
	case late:
		if r.at(putLate) == none {
			r.note("%s", putLate)
		}
	}
	return version, err
}

// RoundTrip implements [http.RoundTripper].
func (r *modelRunner) RoundTrip(request *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, err
	}
	fault := r.at(arriving)
	if r.gone || fault == failing {
		return nil, errors.New("connection refused")
	}
	if r.attempt == nil {
		r.breaks("2: %s sends before its intent is stored", r.name)
		r.attempt = &attempt{}
	}
	r.attempt.sent = true
	httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{})
	if fault == vanishing {
		return nil, io.ErrUnexpectedEOF
	}
	response, depth := r.server.answer(r, form.Get("code")+form.Get("refresh_token"))
	if r.at(answering) != none {
		return nil, io.ErrUnexpectedEOF
	}
	r.note("has its answer")
	if depth > 0 {
		r.attempt.granted, r.received = true, depth
	}
	return response, nil
}

// modelServer is the token endpoint.
type modelServer struct {
	*model
	replaces          bool // a used refresh token ends
	kills             bool // the whole login ends when the server receives an ended credential
	credentials       map[string]*issued
	requests, granted int
	log               strings.Builder
}

// issued is a code or a refresh token.
type issued struct {
	depth int // number of replacements before it
	ended bool
	by    *attempt // the attempt that replaced it
}

// answer returns the answer to a request and the depth of the refresh token in it.
func (s *modelServer) answer(r *modelRunner, credential string) (*http.Response, int) {
	s.requests++
	fmt.Fprintf(&s.log, "%s shows %s;", r.name, credential)
	shown := s.credentials[credential]
	isCode := shown.depth == 0 && s.request.Grant.Type == oauth.AuthorizationCode
	reply := func(status int, body string) *http.Response {
		r.note("shows %s: %d", credential, status)
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	}
	if !shown.ended {
		s.granted++
		fresh := &issued{depth: shown.depth + 1}
		name := fmt.Sprintf("%s%d", r.name, s.requests)
		s.credentials[name] = fresh
		shown.ended, shown.by = s.replaces || isCode, r.attempt
		return reply(http.StatusOK, fmt.Sprintf(`{"access_token":"of-%s","refresh_token":"%s","expires_in":%d}`,
			name, name, modelLifetime/time.Second)), fresh.depth
	}
	switch {
	case isCode:
		s.breaks("2: %s sends the code again", r.name)
	case credential == modelCredential && s.isExposed(): // a last resort after the stored token was refused
	case !shown.by.exposed && !r.attempt.exposed:
		s.breaks("2: %s sends a refresh token that has ended", r.name)
	}
	if s.kills {
		for _, c := range s.credentials {
			c.ended, c.by = true, &attempt{exposed: true} // no runner can know
		}
	}
	return reply(http.StatusBadRequest, `{"error":"invalid_grant"}`), 0
}
