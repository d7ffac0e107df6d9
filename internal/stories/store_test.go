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

// cutOffStore is the command "store WHAT [WHEN]": between the store and the runs that begin from here on stands
// something that does
//
//	ok      nothing, as in the beginning
//	refuse  refuse connections
//	hang    never answer
//	403, 503
//	        answer so
//	lose    pass the request on and lose its answer
//	hold    let the request wait: see arrival and answer
//
// to
//
//	        every request
//	write   every write
//	claim   the first write of an entry, which claims it
//	publish the second, which stores the result
//	after-claim, after-publish
//	        every request after these
//
// refuse knows no write of its own: it is for every request, or those after something.
func cutOffStore(ts *testscript.TestScript, w *world, args []string) {
	args = append(args, "")
	p := &storeProxy{pass: w.store.Handler(), what: args[0], when: args[1], gate: newGate()}
	if !slices.Contains([]string{"ok", "refuse", "hang", "403", "503", "lose", "hold"}, p.what) ||
		!slices.Contains([]string{"", "write", "claim", "publish", "after-claim", "after-publish"}, p.when) {
		ts.Fatalf("usage: store WHAT [WHEN]")
	}
	server := httptest.NewUnstartedServer(p)
	server.Config.SetKeepAlivesEnabled(false) // so that those who come back need a connection
	p.close = server.Listener.Close
	server.Start()
	ts.Defer(func() {
		p.gate.openNow()
		server.CloseClientConnections()
		server.Close()
	})
	switch p.what {
	case "hold":
		w.hanging = p.gate
	case "refuse":
		if p.when == "" {
			ts.Check(p.close())
		}
	}
	ts.Setenv("GOTO_TOKEN_CACHE", w.store.Location(w.bucketName, "tokens", w.store.Behind(server.URL)))
}

// storeProxy stands between the store and the runs.
type storeProxy struct {
	pass       http.Handler
	what, when string
	gate       *gate
	close      func() error // no more connections

	mutex  sync.Mutex
	writes int // of entries
}

// ServeHTTP implements [http.Handler].
func (p *storeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now, next := p.met(r)
	if p.what == "refuse" && next {
		_ = p.close() // the second time it fails
	}
	if !now {
		p.pass.ServeHTTP(w, r)
		return
	}
	switch p.what {
	case "hang":
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that a client has gone once it has read this
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

// met tells whether the request meets what was told, and whether the next one does.
func (p *storeProxy) met(r *http.Request) (now, next bool) {
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
