// Package servers runs real object stores on loopback for tests: versitygw for S3, fake-gcs-server for Google Cloud
// Storage and Azurite for Azure Blob Storage. "make stores" puts their programs into .tools.
package servers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Schemes returns the URL schemes of locations, one for each store.
func Schemes() []string { return []string{"s3", "gs", "azblob"} }

// The credentials that the stores accept. They are worthless elsewhere.
const (
	account   = "tests"
	accessKey = "tests"
	secretKey = "a secret of tests"
	region    = "us-east-1"
)

var accountKey = base64.StdEncoding.EncodeToString([]byte(secretKey))

// Environment returns environment variables with the credentials that the stores accept, and without those of the
// machine.
func Environment() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID":           accessKey,
		"AWS_SECRET_ACCESS_KEY":       secretKey,
		"AWS_SESSION_TOKEN":           "",
		"AWS_PROFILE":                 "",
		"AWS_REGION":                  region,
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_ENDPOINT_URL":            "",
		"AWS_ENDPOINT_URL_S3":         "",
		"AWS_CA_BUNDLE":               "",
		"AZURE_STORAGE_KEY":           accountKey,
		"AZURE_STORAGE_SAS_TOKEN":     "",
	}
}

// kind describes how to run a store.
type kind struct {
	program   string // in .tools
	arguments func(port, directory string) []string
	base      string // of the endpoint, after the port
}

var kinds = map[string]kind{
	"s3": {
		program: "versitygw",
		arguments: func(port, directory string) []string {
			return []string{"--port", "127.0.0.1:" + port, "--quiet", "posix", directory}
		},
	},
	"gs": {
		program: "fake-gcs-server",
		arguments: func(port, _ string) []string {
			return []string{"-host", "127.0.0.1", "-port", port, "-scheme", "http", "-backend", "memory"}
		},
	},
	"azblob": {
		program: filepath.Join("azurite", "node_modules", ".bin", "azurite-blob"),
		arguments: func(port, _ string) []string {
			return []string{"--blobPort", port, "--inMemoryPersistence", "--silent", "--disableTelemetry"}
		},
		base: "/" + account,
	},
}

// Server is a running store.
type Server struct {
	Scheme   string
	Endpoint string // as in the parameter of a location

	program *program
}

// MissingError reports that a store's program has not been built.
type MissingError struct{ Program string }

// Error implements the error interface.
func (e *MissingError) Error() string {
	return e.Program + ` is missing; run "make stores" to build or install it`
}

// Start runs the store for locations that begin with scheme. The error is a [*MissingError] if its program is missing.
func Start(scheme string) (*Server, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	kind := kinds[scheme]
	path := filepath.Join(root, ".tools", kind.program)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{filepath.Join(".tools", kind.program)}
	}
	program, err := start(path, kind.arguments)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", kind.program, err)
	}
	return &Server{scheme, "http://127.0.0.1:" + program.port + kind.base, program}, nil
}

// Stop ends the store and deletes its contents.
func (s *Server) Stop() error { return s.program.stop() }

// Location returns a location in the store. Another endpoint may lead to it through a proxy.
func (s *Server) Location(bucket, prefix, endpoint string) string {
	parameters := url.Values{"endpoint": {endpoint}}
	switch s.Scheme {
	case "s3":
		parameters.Set("use_path_style", "true")
	case "azblob":
		parameters.Set("account", account)
	}
	return s.Scheme + "://" + bucket + "/" + prefix + "?" + parameters.Encode()
}

// repository returns the directory that holds go.mod.
func repository() (string, error) {
	directory, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			err = errors.New("there is no go.mod above the working directory")
		}
		directory = parent
	}
	return "", err
}
