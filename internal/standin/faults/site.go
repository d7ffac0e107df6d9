package faults

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// unknownHost is a name that never resolves (RFC 6761 section 6.4).
const unknownHost = "goto.invalid"

// Site is a stand-in behind a network. The stand-in and the network can be broken and fixed.
type Site struct {
	// URL is the authentication_url.
	URL string
	// Authorities are the certificates to trust, as PEM. They are empty without TLS.
	Authorities []byte

	fault   Fault
	standin *standin.Server
	now     func() time.Time
	// elsewhere is a server that must receive no requests.
	elsewhere   *httptest.Server
	misdirected atomic.Int64
	// sentBytes is the number of bytes of endless replies that were sent.
	sentBytes atomic.Int64

	front, proxy *restartableServer
	certificates map[bool]*tls.Certificate // by whether the site is broken

	mutex  sync.Mutex
	broken bool
	fixed  chan struct{} // closed while not broken
	// The requests since the site was broken.
	requests, inFlight int
	idle               *sync.Cond
	first, second      time.Time // when the first and the second one arrived
}

// network is a fault between the client and the stand-in, or direct for none.
type network int

const (
	direct network = iota
	refusedConnection
	lostAnswer
	untrustedCertificate
	expiredCertificate
	foreignCertificate
	endlessHandshake
	// The faults below use a host name that only the proxy can resolve.
	unknownName
	refusedProxy
	forbiddingProxy
	bypassedProxy
)

// OfTheNetwork reports whether the fault is on the way to the server, and not in the server's answer.
func (f Fault) OfTheNetwork() bool { return f.network != direct }

// NeedsTrust reports whether the site has certificates that must be trusted explicitly.
func (f Fault) NeedsTrust() bool { return f.network >= untrustedCertificate }

// At returns a site for the fault, which is not broken yet. now is the clock for dates in answers.
func (f Fault) At(server *standin.Server, now func() time.Time) (*Site, error) {
	s := &Site{URL: server.URL, fault: f, standin: server, now: now, fixed: make(chan struct{})}
	close(s.fixed)
	s.idle = sync.NewCond(&s.mutex)
	s.elsewhere = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.misdirected.Add(1) }))
	if f.network == direct {
		return s, nil
	}
	if err := s.build(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Site) build() error {
	s.front = &restartableServer{handler: http.HandlerFunc(s.serve)}
	scheme, host := "http", ""
	if s.fault.network >= untrustedCertificate {
		scheme = "https"
		if s.fault.network >= unknownName {
			host = unknownHost
		}
		s.front.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}
	}
	if err := s.front.open(); err != nil {
		return err
	}
	if host != "" {
		s.URL = scheme + "://" + host
		s.proxy = &restartableServer{handler: http.HandlerFunc(s.connect)}
		if err := s.proxy.open(); err != nil {
			return err
		}
	} else {
		s.URL = scheme + "://" + s.front.address
	}
	if s.front.tls == nil {
		return nil
	}
	return s.certify(host)
}

// Break begins the fault.
func (s *Site) Break() error {
	s.mutex.Lock()
	s.broken, s.fixed, s.requests = true, make(chan struct{}), 0
	s.mutex.Unlock()
	s.standin.Configure(func(b *standin.Behavior) {
		b.Intercept = s.intercept
		if s.fault.configure != nil {
			s.fault.configure(b)
		}
	})
	switch s.fault.network {
	case refusedConnection:
		return s.front.close()
	case refusedProxy:
		return s.proxy.close()
	default:
		return nil
	}
}

// Fix ends the fault.
func (s *Site) Fix() error {
	s.mutex.Lock()
	s.broken = false
	close(s.fixed)
	s.mutex.Unlock()
	s.standin.Configure(func(b *standin.Behavior) { b.Intercept, b.ExtraReply, b.OmitReply = nil, nil, nil })
	switch s.fault.network {
	case refusedConnection:
		return s.front.open()
	case refusedProxy:
		return s.proxy.open()
	default:
		return nil
	}
}

// Close closes everything except the stand-in.
func (s *Site) Close() {
	s.mutex.Lock()
	if s.broken {
		s.broken = false
		close(s.fixed)
	}
	s.mutex.Unlock()
	for _, p := range []*restartableServer{s.front, s.proxy} {
		if p != nil {
			_ = p.close()
		}
	}
	s.elsewhere.CloseClientConnections()
	s.elsewhere.Close()
}

// Proxy returns the address for HTTPS_PROXY and the hosts for NO_PROXY, as they are now.
func (s *Site) Proxy() (address, except string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.proxy == nil || s.fault.network == unknownName && s.broken {
		return "", ""
	}
	if s.fault.network == bypassedProxy && s.broken {
		except = unknownHost
	}
	return "http://" + s.proxy.address, except
}

// Check returns an error if something forbidden has happened since the site was broken.
func (s *Site) Check() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for s.inFlight > 0 { // the client has disconnected, and the handler will notice
		s.idle.Wait()
	}
	if pause := s.second.Sub(s.first); s.requests > 1 && pause < s.fault.Pause {
		return fmt.Errorf("the second request came after %s, but was asked to wait %s", pause, s.fault.Pause)
	}
	if misdirected := s.misdirected.Load(); misdirected > 0 {
		return fmt.Errorf("%d requests came to another host", misdirected)
	}
	// The limit exceeds 1 MiB, because the buffers of a connection hold more than that.
	if sentBytes := s.sentBytes.Load(); sentBytes > 64<<20 {
		return fmt.Errorf("the client read %d MiB", sentBytes>>20)
	}
	return nil
}

// intercept answers token requests while the site is broken, unless the stand-in answers them for this fault.
func (s *Site) intercept(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	n := s.arrive()
	defer s.leave()
	if s.fault.answer == nil {
		return false
	}
	handler := s.fault.answer(s, n)
	if handler == nil {
		return false
	}
	handler(w, r)
	return true
}

func (s *Site) arrive() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests++
	s.inFlight++
	switch s.requests {
	case 1:
		s.first = time.Now()
	case 2:
		s.second = time.Now()
	}
	return s.requests
}

func (s *Site) leave() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.inFlight--
	s.idle.Broadcast()
}

// state reports whether the site is broken, and returns a channel that is closed while it is not.
func (s *Site) state() (broken bool, fixed <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.broken, s.fixed
}

// serve forwards requests to the stand-in.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	if broken, _ := s.state(); broken && s.fault.network == lostAnswer {
		s.standin.Handler().ServeHTTP(httptest.NewRecorder(), r)
		reset(s, w, r)
		return
	}
	s.standin.Handler().ServeHTTP(w, r)
}

// connect is the CONNECT method of the proxy (RFC 9110 section 9.3.6).
func (s *Site) connect(w http.ResponseWriter, r *http.Request) {
	if broken, _ := s.state(); broken && s.fault.network != refusedProxy || r.Method != http.MethodConnect || r.Host != unknownHost+":443" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	server, err := new(net.Dialer).DialContext(r.Context(), "tcp", s.front.address)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
}

// certificate returns the certificate that the front presents.
func (s *Site) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	broken, fixed := s.state()
	if broken && s.fault.network == endlessHandshake {
		<-fixed
		return nil, errors.New("the client is gone")
	}
	return s.certificates[broken], nil
}

// certify creates the certificates. Host is the name of the front, or empty for its address.
func (s *Site) certify(host string) error {
	authority, err := newAuthority("Test authority")
	if err != nil {
		return err
	}
	s.Authorities = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.certificate.Raw})
	good := x509.Certificate{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}
	if host != "" {
		good.DNSNames = []string{host}
	} else {
		address, _, err := net.SplitHostPort(s.front.address)
		if err != nil {
			return err
		}
		good.IPAddresses = []net.IP{net.ParseIP(address)}
	}
	bad, issuer := good, authority
	switch s.fault.network {
	case untrustedCertificate:
		if issuer, err = newAuthority("Untrusted authority"); err != nil {
			return err
		}
	case expiredCertificate:
		bad.NotAfter = time.Now().Add(-24 * time.Hour)
	case foreignCertificate:
		bad.IPAddresses = []net.IP{net.ParseIP("192.0.2.1")} // for documentation (RFC 5737)
	default:
	}
	s.certificates = map[bool]*tls.Certificate{}
	if s.certificates[false], err = authority.issue(good); err != nil {
		return err
	}
	s.certificates[true], err = issuer.issue(bad)
	return err
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(name string) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-72 * time.Hour),
		NotAfter:              time.Now().Add(72 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	encoded, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	certificate, err := x509.ParseCertificate(encoded)
	return authority{certificate, key}, err
}

func (a authority) issue(template x509.Certificate) (*tls.Certificate, error) {
	template.SerialNumber = big.NewInt(2)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	encoded, err := x509.CreateCertificate(rand.Reader, &template, a.certificate, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: a.key}, nil
}

// restartableServer is a server that can be stopped and restarted at the same address.
type restartableServer struct {
	handler http.Handler
	tls     *tls.Config
	address string // empty until it has been opened
	server  *http.Server
	served  chan struct{}
}

func (p *restartableServer) open() error {
	listener, err := p.listen()
	if err != nil {
		return err
	}
	p.address = listener.Addr().String()
	p.served = make(chan struct{})
	p.server = &http.Server{
		Handler:           p.handler,
		TLSConfig:         p.tls,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // of failed handshakes
	}
	go func() {
		defer close(p.served)
		if p.tls != nil {
			_ = p.server.ServeTLS(listener, "", "")
			return
		}
		_ = p.server.Serve(listener)
	}()
	return nil
}

// listen listens at a random loopback address, so that no other program takes its port while the server is stopped. On
// Linux, all of 127.0.0.0/8 is local, and other programs use 127.0.0.1.
func (p *restartableServer) listen() (net.Listener, error) {
	config := new(net.ListenConfig)
	if p.address != "" {
		return config.Listen(context.Background(), "tcp", p.address)
	}
	address := fmt.Sprintf("127.%d.%d.%d:0", 1+mathrand.N(254), mathrand.N(255), 1+mathrand.N(254))
	if listener, err := config.Listen(context.Background(), "tcp", address); err == nil {
		return listener, nil
	}
	return config.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

func (p *restartableServer) close() error {
	err := p.server.Close()
	<-p.served
	return err
}
