package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// answering returns a site's answer to its n-th request.
type answering = func(site *Site, n int) http.HandlerFunc

// siteHandler is an answer that depends on the site.
type siteHandler func(site *Site, w http.ResponseWriter, r *http.Request)

func always(handler siteHandler) answering {
	return func(site *Site, _ int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { handler(site, w, r) }
	}
}

// once answers the first request only.
func once(handler siteHandler) answering {
	return func(site *Site, n int) http.HandlerFunc {
		if n > 1 {
			return nil
		}
		return always(handler)(site, n)
	}
}

func reply(status int, contentType, body string) siteHandler {
	return func(_ *Site, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// retryAfter adds a Retry-After header.
func retryAfter(value string, next siteHandler) siteHandler {
	return func(site *Site, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", value)
		next(site, w, r)
	}
}

// retryAt adds a Retry-After header with a date.
func retryAt(wait time.Duration, next siteHandler) siteHandler {
	return func(site *Site, w http.ResponseWriter, r *http.Request) {
		retryAfter(site.now().Add(wait).UTC().Format(http.TimeFormat), next)(site, w, r)
	}
}

func hang(_ *Site, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// drip sends one byte per second until the client disconnects.
func drip(_ *Site, w http.ResponseWriter, r *http.Request) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// reset resets the connection after it has read the request.
func reset(_ *Site, w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// breakOff sends only a part of the reply.
func breakOff(_ *Site, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"access_token":"`+AccessToken)
}

// endlessSize is the size of an endless reply.
const endlessSize = 1 << 30

// endless would send a reply of 1 GiB.
func endless(site *Site, w http.ResponseWriter, _ *http.Request) {
	sendEndless(&site.sentBytes, w, func() error { return nil })
}

// gzipBomb is like endless, compressed to a thousandth of its size.
func gzipBomb(site *Site, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	packed := gzip.NewWriter(w)
	sendEndless(&site.sentBytes, packed, func() error {
		if err := packed.Flush(); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush()
	})
	_ = packed.Close()
}

type counter interface{ Add(delta int64) int64 }

// sendEndless writes the reply until the client disconnects.
func sendEndless(sentBytes counter, w io.Writer, flush func() error) {
	_, _ = io.WriteString(w, `{"access_token":"`)
	chunk := bytes.Repeat([]byte("a"), 1<<16)
	for sentBytes.Add(int64(len(chunk))) < endlessSize {
		if _, err := w.Write(chunk); err != nil || flush() != nil {
			return
		}
	}
}

// echo refuses a request, and repeats all its secrets in the reply.
func echo(_ *Site, w http.ResponseWriter, r *http.Request) {
	_, secret, _ := r.BasicAuth()
	_ = r.ParseForm() // the stand-in has already parsed it
	said := strings.Join([]string{"you sent", r.Header.Get("Authorization"), strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "),
		secret, r.PostForm.Get("code"), r.PostForm.Get("refresh_token"), r.PostForm.Get("pat")}, " ")
	body, _ := json.Marshal(map[string]string{"error": "invalid_request", "error_description": said}) // strings always encode
	reply(http.StatusBadRequest, "application/json", string(body))(nil, w, r)
}
