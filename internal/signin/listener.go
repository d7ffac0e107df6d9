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

// listener listens at a redirect URI for the answer with the right state, from [listen] until shut. It replies to other
// requests with an error and keeps waiting, because browsers request icons and other programs scan ports.
type listener struct {
	redirect *url.URL
	state    string
	server   *http.Server
	sockets  []net.Listener
	answered chan answer

	mutex sync.Mutex
	taken bool // the answer has arrived
	// last is the last page, which is set before ready is closed. shown is closed when a browser has received that
	// page.
	last         page
	ready, shown chan struct{}
	showOnce     sync.Once
}

// answer is the result of the sign-in: a code, or the reason why there is none.
type answer struct {
	code secret.Value
	err  error
}

const (
	// serverName is the Server header of every reply, so that other processes of this provider recognize the listener.
	serverName = "terraform-provider-goto"
	// maxHeader limits the header of a request. GoTo's codes have up to 4096 characters.
	maxHeader = 32 << 10
	// browserTimeout limits how long a browser may take to send a request, and to fetch the last page.
	browserTimeout = 5 * time.Second
)

// listen waits for the answer to a sign-in at a loopback redirect URI.
func listen(ctx context.Context, redirect *url.URL, state string) (*listener, error) {
	l := newListener(redirect, state)
	port := redirect.Port()
	if port == "" {
		port = "80"
	}
	var missing error
	for _, ip := range loopback(redirect.Hostname()) {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(ip, port))
		switch {
		case err == nil:
			l.sockets = append(l.sockets, listener)
		case isAny(err, familyMissing):
			missing = err
		default:
			l.shut() //nolint:contextcheck // it must run even after ctx has ended
			return nil, err
		}
	}
	if len(l.sockets) == 0 {
		return nil, missing
	}
	for _, listener := range l.sockets {
		go func() { _ = l.server.Serve(listener) }() // until shut
	}
	return l, nil
}

func newListener(redirect *url.URL, state string) *listener {
	l := &listener{
		redirect: redirect,
		state:    state,
		answered: make(chan answer, 1),
		ready:    make(chan struct{}),
		shown:    make(chan struct{}),
	}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: browserTimeout, MaxHeaderBytes: maxHeader}
	l.server.SetKeepAlivesEnabled(false)
	return l
}

// The error numbers of Unix and Windows.
var (
	familyMissing = []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10047, 10049}
	inUse         = []syscall.Errno{syscall.EADDRINUSE, 10048}
)

func isAny(err error, numbers []syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(number syscall.Errno) bool { return errors.Is(err, number) })
}

// isOwnListener reports whether another sign-in of this provider listens at redirect.
func isOwnListener(ctx context.Context, redirect *url.URL) bool {
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

// answers returns the channel of the answer, or nil if l is nil.
func (l *listener) answers() <-chan answer {
	if l == nil {
		return nil
	}
	return l.answered
}

// show sets the last page, and waits until the browser has fetched it.
func (l *listener) show(ctx context.Context, last page) {
	l.last = last
	close(l.ready)
	timer := time.NewTimer(browserTimeout)
	defer timer.Stop()
	select {
	case <-l.shown:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// shut closes the ports.
func (l *listener) shut() {
	if l == nil {
		return
	}
	select {
	case <-l.shown: // the page is on its way
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.server.Shutdown(ctx)
	default:
	}
	_ = l.server.Close()
	for _, listener := range l.sockets {
		_ = listener.Close() // the server closes only listeners that it already serves
	}
}

// ServeHTTP implements [http.Handler].
func (l *listener) ServeHTTP(response http.ResponseWriter, r *http.Request) {
	response.Header().Set("Server", serverName)
	switch {
	case !strings.EqualFold(withoutDefaultPort(r.Host), withoutDefaultPort(l.redirect.Host)): // another site's name leads here (DNS rebinding)
		write(response, http.StatusMisdirectedRequest, notFoundPage)
	case r.Method != http.MethodGet:
		response.Header().Set("Allow", http.MethodGet)
		write(response, http.StatusMethodNotAllowed, notFoundPage)
	case r.URL.EscapedPath() != l.path():
		write(response, http.StatusNotFound, notFoundPage)
	case r.URL.RawQuery == "" && l.isTaken():
		l.serveLast(response, r)
	default:
		l.accept(response, r)
	}
}

// path is the path of the redirect URI.
func (l *listener) path() string {
	if path := l.redirect.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

func withoutDefaultPort(host string) string { return strings.TrimSuffix(host, ":80") }

func (l *listener) isTaken() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.taken
}

// accept takes the answer if it has the expected state. It redirects the browser to an address without code and state,
// so that the history contains neither.
func (l *listener) accept(response http.ResponseWriter, r *http.Request) {
	states := r.URL.Query()["state"]
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(l.state)) != 1 {
		write(response, http.StatusForbidden, wrongStatePage)
		return
	}
	received, err := oauth.Callback{RedirectURI: l.redirect.String()}.Answer("http://" + r.Host + r.URL.RequestURI())
	if denied, ok := errors.AsType[*oauth.DeniedError](err); ok {
		err = errors.New(denied.Reason) // the next run shows its own authorize URL
	} else if err != nil {
		write(response, http.StatusBadRequest, unreadablePage(err))
		return
	}
	l.mutex.Lock()
	first := !l.taken
	l.taken = true
	l.mutex.Unlock()
	if !first {
		write(response, http.StatusConflict, alreadyFinishedPage)
		return
	}
	l.answered <- answer{received.Code, err}
	setSecurityHeaders(response.Header(), "")
	http.Redirect(response, r, "http://"+l.redirect.Host+l.path(), http.StatusSeeOther)
}

// serveLast replies with the last page when it is known.
func (l *listener) serveLast(response http.ResponseWriter, r *http.Request) {
	select {
	case <-l.ready:
		write(response, http.StatusOK, l.last)
		l.showOnce.Do(func() { close(l.shown) })
	case <-r.Context().Done():
	}
}
