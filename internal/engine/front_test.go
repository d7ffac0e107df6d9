package engine_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// front is an address of the stand-in that knows when all requests have been dealt with, those of
// killed clients included.
type front struct {
	server *httptest.Server

	mutex sync.Mutex
	idle  *sync.Cond
	open  int
}

// newFront gives w's stand-in another address, which everybody uses from now on.
func newFront(t *testing.T, w *world) *front {
	t.Helper()
	f := &front{server: httptest.NewUnstartedServer(w.server.Handler())}
	f.idle = sync.NewCond(&f.mutex)
	f.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		switch state {
		case http.StateNew:
			f.open++
		case http.StateClosed, http.StateHijacked:
			f.open--
			f.idle.Broadcast()
		case http.StateActive, http.StateIdle:
		}
	}
	f.server.Start()
	t.Cleanup(f.server.Close)
	w.server.URL = f.server.URL
	return f
}

// settle returns when every connection made so far is closed. Connections are accepted in the order
// in which they were made, so that one more shows that the ones before it have been.
func (f *front) settle(t *testing.T) {
	t.Helper()
	last, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := last.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := last.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for f.open > 0 {
		f.idle.Wait()
	}
}
