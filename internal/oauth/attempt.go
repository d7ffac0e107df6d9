package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
)

// homecoming is how long at most to wait for the answer to a request after its run was canceled, because the login in
// the answer cannot be obtained again. A single request never takes longer than its own timeout.
const homecoming = 10 * time.Second

// reached is how far an attempt got.
type reached int32

const (
	unsent   reached = iota // there was no connection, so the server has seen nothing
	stopped                 // given up before there was a connection
	sent                    // on the wire; the server may have processed it
	answered                // the answer has arrived
)

// attempt is one of the requests of an exchange, after it has ended.
type attempt struct {
	reached reached
	status  int // of the answer, as are header and body
	header  http.Header
	body    []byte
	err     error // why there is no answer
	// turnedAway is the status of the answer after which no other attempt was made.
	turnedAway int
}

// maybeProcessed reports whether the server may have processed the request.
func (a attempt) maybeProcessed() bool {
	return a.reached == sent || a.reached == answered && !surelyUnprocessed(a.status)
}

// turnedAwayBy returns the status of an answer that only says "not now", and 0 for others.
func (a attempt) turnedAwayBy() int {
	if a.reached == answered && unavailable(a.status) {
		return a.status
	}
	return 0
}

// send makes one attempt. It ends turn.
func (x *exchange) send(ctx context.Context, turn *turn) attempt {
	defer turn.end()
	var progress atomic.Int32 // a value of type reached; set on the transport's goroutines
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		stoppedInTime := progress.CompareAndSwap(int32(unsent), int32(stopped))
		if stoppedInTime || x.grant.Type == PersonalAccessToken || ctx.Err() != context.Canceled {
			cancel()
			return
		}
		time.AfterFunc(homecoming, cancel)
	})()
	if x.endpoint.Abandon != nil {
		defer context.AfterFunc(x.endpoint.Abandon, cancel)() //nolint:contextcheck // it cancels a request that outlives ctx
	}
	sending = httptrace.WithClientTrace(sending, &httptrace.ClientTrace{
		GotConn: func(connection httptrace.GotConnInfo) {
			if !progress.CompareAndSwap(int32(unsent), int32(sent)) && connection.Conn != nil {
				_ = connection.Conn.Close() // the transport would still write to it
			}
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { turn.end() },
	})
	response, err := x.post(sending)
	if err != nil {
		return attempt{reached: reached(progress.Load()), err: err}
	}
	defer func() { _ = response.Body.Close() }() // already read, or not needed
	body, err := httpclient.ReadBody(response.Body)
	if err != nil && !unavailable(response.StatusCode) { // otherwise the status says enough
		return attempt{reached: sent, err: fmt.Errorf("reading the reply: %w", err)}
	}
	return attempt{reached: answered, status: response.StatusCode, header: response.Header, body: body}
}

func (x *exchange) post(ctx context.Context) (*http.Response, error) {
	form := x.grant.form(x.client).Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, x.url(), strings.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("preparing the token request: %w", err)
	}
	request.Header.Set("Authorization", "Basic "+x.client.basicCredentials())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", x.endpoint.UserAgent)
	return x.endpoint.HTTP.Do(request)
}
