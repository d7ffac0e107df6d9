package stories

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// putStoreProxy is the command "store WHAT [WHEN]". It puts a proxy between the store and later runs. WHAT says how the
// proxy treats requests:
//
//	ok      forward them, the default
//	refuse  refuse connections
//	hang    never answer
//	403, 503
//	        answer with this status
//	lose    forward the request and drop the answer
//	hold    hold the request, see the commands arrival and answer
//
// WHEN selects the requests, by default all:
//
//	write   all writes
//	claim   the first write of an entry, which claims it
//	publish the second write, which stores the result
//	after-claim, after-publish
//	        all requests after that write
//
// refuse cannot select writes, only all requests or those after a write.
func putStoreProxy(ts *testscript.TestScript, w *world, args []string) {
	args = append(args, "")
	p := &storeProxy{pass: w.store.Handler(), what: args[0], when: args[1], gate: newGate()}
	if !slices.Contains([]string{"ok", "refuse", "hang", "403", "503", "lose", "hold"}, p.what) ||
		!slices.Contains([]string{"", "write", "claim", "publish", "after-claim", "after-publish"}, p.when) {
		ts.Fatalf("usage: store WHAT [WHEN]")
	}
	server := httptest.NewUnstartedServer(p)
	server.Config.SetKeepAlivesEnabled(false) // so that every request needs a new connection
	p.close = server.Listener.Close
	server.Start()
	ts.Defer(func() {
		p.gate.openNow()
		server.CloseClientConnections()
		server.Close()
	})
	switch p.what {
	case "hold":
		w.held = p.gate
	case "refuse":
		if p.when == "" {
			ts.Check(p.close())
		}
	}
	ts.Setenv("GOTO_TOKEN_CACHE", w.store.Location(w.bucketName, "tokens", w.store.Behind(server.URL)))
}

// storeProxy is the proxy between the store and the runs.
type storeProxy struct {
	pass       http.Handler
	what, when string
	gate       *gate
	close      func() error // stops accepting connections

	mutex  sync.Mutex
	writes int // of entries
}

// ServeHTTP implements [http.Handler].
func (p *storeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now, next := p.matches(r)
	if p.what == "refuse" && next {
		_ = p.close() // fails if already closed
	}
	if !now {
		p.pass.ServeHTTP(w, r)
		return
	}
	switch p.what {
	case "hang":
		_, _ = io.Copy(io.Discard, r.Body) // only then does a server notice that a client has disconnected
		<-r.Context().Done()
	case "403":
		w.WriteHeader(http.StatusForbidden)
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "lose":
		p.pass.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "hold":
		p.gate.wait(r)
		p.pass.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	default:
		p.pass.ServeHTTP(w, r)
	}
}

// matches reports whether the proxy disturbs this request, and whether it disturbs the next one.
func (p *storeProxy) matches(r *http.Request) (now, next bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	write := r.Method != http.MethodGet
	before := p.writes
	if write && !strings.Contains(r.URL.String(), "probe-") {
		p.writes++
	}
	switch p.when {
	case "write":
		return write, write
	case "claim":
		return before == 0 && p.writes == 1, false
	case "publish":
		return before == 1 && p.writes == 2, false
	case "after-claim":
		return before >= 1, p.writes >= 1
	case "after-publish":
		return before >= 2, p.writes >= 2
	}
	return true, true
}
