package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// window waits at a redirect URI for the one answer of a browser that has the right state. It is open from [listen]
// to shut, and answers everything else with an error that does not end the waiting: browsers ask for icons, other
// programs knock.
type window struct {
	redirect  *url.URL
	state     string
	server    *http.Server
	listeners []net.Listener
	answered  chan answer

	mutex sync.Mutex
	taken bool // the answer has come
	// last is the last page once ready is closed; shown is closed when a browser has had it.
	last         page
	ready, shown chan struct{}
	showOnce     sync.Once
}

// answer is what the browser has brought: a code, or why there is none.
type answer struct {
	code secret.Value
	err  error
}

const (
	// serverName is in the Server header of every answer, so that another process of this provider knows who has the
	// port.
	serverName = "terraform-provider-goto"
	// maxHeader bounds the head of a request: GoTo's codes have up to 4096 characters.
	maxHeader = 32 << 10
	// patience bounds the time that a browser has for one request, and to fetch the last page.
	patience = 5 * time.Second
)

// listen opens the window for a sign-in at a loopback redirect URI.
func listen(ctx context.Context, redirect *url.URL, state string) (*window, error) {
	w := newWindow(redirect, state)
	port := redirect.Port()
	if port == "" {
		port = "80"
	}
	var missing error
	for _, ip := range loopback(redirect.Hostname()) {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(ip, port))
		switch {
		case err == nil:
			w.listeners = append(w.listeners, listener)
		case isAny(err, familyMissing):
			missing = err
		default:
			w.shut() //nolint:contextcheck // it shuts whatever has ended
			return nil, err
		}
	}
	if len(w.listeners) == 0 {
		return nil, missing
	}
	for _, listener := range w.listeners {
		go func() { _ = w.server.Serve(listener) }() // ends with shut
	}
	return w, nil
}

func newWindow(redirect *url.URL, state string) *window {
	w := &window{
		redirect: redirect,
		state:    state,
		answered: make(chan answer, 1),
		ready:    make(chan struct{}),
		shown:    make(chan struct{}),
	}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: patience, MaxHeaderBytes: maxHeader}
	w.server.SetKeepAlivesEnabled(false)
	return w
}

// What systems say, Windows with numbers of its own.
var (
	familyMissing = []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10047, 10049}
	inUse         = []syscall.Errno{syscall.EADDRINUSE, 10048}
)

func isAny(err error, numbers []syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(number syscall.Errno) bool { return errors.Is(err, number) })
}

// isOurs tells whether the port of redirect belongs to another sign-in of this provider.
func isOurs(ctx context.Context, redirect *url.URL) bool {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		Timeout:       time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+redirect.Host+"/", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.Header.Get("Server") == serverName
}

// answers returns the channel of the answer, nil for a window that is not open.
func (w *window) answers() <-chan answer {
	if w == nil {
		return nil
	}
	return w.answered
}

// show gives the person the last page, and waits until the browser has fetched it.
func (w *window) show(ctx context.Context, last page) {
	w.last = last
	close(w.ready)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.shown:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// shut closes the ports.
func (w *window) shut() {
	if w == nil {
		return
	}
	select {
	case <-w.shown: // and is on its way
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.server.Shutdown(ctx)
	default:
	}
	_ = w.server.Close()
	for _, listener := range w.listeners {
		_ = listener.Close() // the server closes only those that it serves already
	}
}

// ServeHTTP implements [http.Handler].
func (w *window) ServeHTTP(response http.ResponseWriter, r *http.Request) {
	response.Header().Set("Server", serverName)
	switch {
	case !strings.EqualFold(withoutDefaultPort(r.Host), withoutDefaultPort(w.redirect.Host)): // a page of another site that has made its name lead here (DNS rebinding)
		write(response, http.StatusMisdirectedRequest, elsewherePage)
	case r.Method != http.MethodGet:
		response.Header().Set("Allow", http.MethodGet)
		write(response, http.StatusMethodNotAllowed, elsewherePage)
	case r.URL.EscapedPath() != w.path():
		write(response, http.StatusNotFound, elsewherePage)
	case r.URL.RawQuery == "" && w.isTaken():
		w.serveLast(response, r)
	default:
		w.take(response, r)
	}
}

// path is the path of the redirect URI.
func (w *window) path() string {
	if path := w.redirect.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

func withoutDefaultPort(host string) string { return strings.TrimSuffix(host, ":80") }

func (w *window) isTaken() bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.taken
}

// take takes the answer, if it is the one that is waited for, and sends the browser on to an address without code and
// state, so that its history has neither.
func (w *window) take(response http.ResponseWriter, r *http.Request) {
	states := r.URL.Query()["state"]
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(w.state)) != 1 {
		write(response, http.StatusForbidden, foreignPage)
		return
	}
	came, err := oauth.Callback{RedirectURI: w.redirect.String()}.Answer("http://" + r.Host + r.URL.RequestURI())
	if denied, ok := errors.AsType[*oauth.DeniedError](err); ok {
		err = errors.New(denied.Reason) // the next run has an authorize URL of its own
	} else if err != nil {
		write(response, http.StatusBadRequest, unreadablePage(err))
		return
	}
	w.mutex.Lock()
	first := !w.taken
	w.taken = true
	w.mutex.Unlock()
	if !first {
		write(response, http.StatusConflict, secondPage)
		return
	}
	w.answered <- answer{came.Code, err}
	secure(response.Header(), "")
	http.Redirect(response, r, "http://"+w.redirect.Host+w.path(), http.StatusSeeOther)
}

// serveLast answers with the last page once it is known what to say.
func (w *window) serveLast(response http.ResponseWriter, r *http.Request) {
	select {
	case <-w.ready:
		write(response, http.StatusOK, w.last)
		w.showOnce.Do(func() { close(w.shown) })
	case <-r.Context().Done():
	}
}
