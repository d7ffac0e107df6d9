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

// window waits at a redirect URI for the one answer with the right state. It is open from [listen] to shut. It answers
// all other requests with an error and keeps waiting, because browsers ask for icons and other programs probe ports.
type window struct {
	redirect  *url.URL
	state     string
	server    *http.Server
	listeners []net.Listener
	answered  chan answer

	mutex sync.Mutex
	taken bool // the answer has arrived
	// last is the last page, set once ready is closed. Shown is closed when a browser has received it.
	last         page
	ready, shown chan struct{}
	showOnce     sync.Once
}

// answer is what the browser has brought: a code, or the reason why there is none.
type answer struct {
	code secret.Value
	err  error
}

const (
	// serverName is in the Server header of every answer, so that another process of this provider knows what uses the
	// port.
	serverName = "terraform-provider-goto"
	// maxHeader limits the header of a request. GoTo's codes have up to 4096 characters.
	maxHeader = 32 << 10
	// patience limits the time that a browser has for one request, and to fetch the last page.
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
		go func() { _ = w.server.Serve(listener) }() // until shut
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

// The error numbers of the systems; Windows has its own.
var (
	familyMissing = []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10047, 10049}
	inUse         = []syscall.Errno{syscall.EADDRINUSE, 10048}
)

func isAny(err error, numbers []syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(number syscall.Errno) bool { return errors.Is(err, number) })
}

// isOurs reports whether the port of redirect belongs to another sign-in of this provider.
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

// answers returns the channel of the answer, or nil if the window is not open.
func (w *window) answers() <-chan answer {
	if w == nil {
		return nil
	}
	return w.answered
}

// show sets the last page, and waits until the browser has fetched it.
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
	case <-w.shown: // the page is on its way
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.server.Shutdown(ctx)
	default:
	}
	_ = w.server.Close()
	for _, listener := range w.listeners {
		_ = listener.Close() // the server closes only listeners that it already serves
	}
}

// ServeHTTP implements [http.Handler].
func (w *window) ServeHTTP(response http.ResponseWriter, r *http.Request) {
	response.Header().Set("Server", serverName)
	switch {
	case !strings.EqualFold(withoutDefaultPort(r.Host), withoutDefaultPort(w.redirect.Host)): // another site's name leads here (DNS rebinding)
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

// take accepts the answer if it is the expected one, and redirects the browser to an address without code and state, so
// that its history has neither.
func (w *window) take(response http.ResponseWriter, r *http.Request) {
	states := r.URL.Query()["state"]
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(w.state)) != 1 {
		write(response, http.StatusForbidden, foreignPage)
		return
	}
	came, err := oauth.Callback{RedirectURI: w.redirect.String()}.Answer("http://" + r.Host + r.URL.RequestURI())
	if denied, ok := errors.AsType[*oauth.DeniedError](err); ok {
		err = errors.New(denied.Reason) // the next run shows an authorize URL of its own
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

// serveLast answers with the last page once that is known.
func (w *window) serveLast(response http.ResponseWriter, r *http.Request) {
	select {
	case <-w.ready:
		write(response, http.StatusOK, w.last)
		w.showOnce.Do(func() { close(w.shown) })
	case <-r.Context().Done():
	}
}
