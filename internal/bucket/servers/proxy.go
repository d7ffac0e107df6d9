package servers

import (
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Handler passes requests on to the store, for proxies that count, delay or break them.
func (s *Server) Handler() http.Handler {
	endpoint := s.endpoint()
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = endpoint.Scheme, endpoint.Host
			r.Out.Host = r.In.Host // it is signed
		},
		Transport: &http.Transport{DisableKeepAlives: true},
	}
}

// Behind returns the endpoint that leads to the store through a proxy at address, a URL.
func (s *Server) Behind(address string) string { return address + s.endpoint().Path }

func (s *Server) endpoint() *url.URL {
	endpoint, err := url.Parse(s.Endpoint)
	if err != nil {
		panic(err) // impossible, because Start built the URL
	}
	return endpoint
}
