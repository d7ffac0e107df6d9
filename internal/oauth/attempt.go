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

// cancelGrace is how long a canceled run still waits for the answer to a request that was sent, because the login in
// the answer cannot be obtained again. The timeout of the request may end the wait earlier.
const cancelGrace = 10 * time.Second

// stage is how far an attempt got.
type stage int32

const (
	unsent   stage = iota // there was no connection, so the server has seen nothing
	stopped               // canceled before there was a connection
	sent                  // on the wire; the server may have processed it
	answered              // the answer has arrived
)

// attempt is one of the requests of an exchange, after it has ended.
type attempt struct {
	stage  stage
	status int // of the answer, as are header and body
	header http.Header
	body   []byte
	err    error // why there is no answer
	// lastStatus is the status of the previous answer, if this attempt ended while it waited to be sent.
	lastStatus int
}

// maybeProcessed reports whether the server may have processed the request.
func (a attempt) maybeProcessed() bool {
	return a.stage == sent || a.stage == answered && !isUnprocessed(a.status)
}

// unavailableStatus returns the status of an answer that says "not now", and 0 for other answers.
func (a attempt) unavailableStatus() int {
	if a.stage == answered && unavailable(a.status) {
		return a.status
	}
	return 0
}

// send makes one attempt. It releases slot.
func (x *exchange) send(ctx context.Context, slot *slot) attempt {
	defer slot.release()
	var progress atomic.Int32 // a stage; set on the transport's goroutines
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		stoppedInTime := progress.CompareAndSwap(int32(unsent), int32(stopped))
		if stoppedInTime || x.grant.Type == PersonalAccessToken || ctx.Err() != context.Canceled {
			cancel()
			return
		}
		time.AfterFunc(cancelGrace, cancel)
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
		WroteRequest: func(httptrace.WroteRequestInfo) { slot.release() },
	})
	response, err := x.post(sending)
	if err != nil {
		return attempt{stage: stage(progress.Load()), err: err}
	}
	defer func() { _ = response.Body.Close() }() // already read, or not needed
	body, err := httpclient.ReadBody(response.Body)
	if err != nil && !unavailable(response.StatusCode) { // otherwise the status says enough
		return attempt{stage: sent, err: fmt.Errorf("reading the reply: %w", err)}
	}
	return attempt{stage: answered, status: response.StatusCode, header: response.Header, body: body}
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
