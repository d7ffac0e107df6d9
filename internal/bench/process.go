package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

// handshake is what Terraform shows to its plugins (https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol).
var handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE",
	MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
}

// process is a provider as the command line starts it, spoken to over its socket.
type process struct {
	client     *plugin.Client
	command    *exec.Cmd
	connection *grpc.ClientConn
}

// startProcess starts the provider at path with these environment variables, and of the caller's only
// those that mean nothing to a provider or a command line. What it logs goes to logs.
func startProcess(path string, logs io.Writer, variables ...string) (*process, error) {
	p := &process{command: exec.Command(path)} //nolint:noctx // built by this program, which also ends it
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "GOTO_") && !strings.HasPrefix(variable, "TF_") {
			p.command.Env = append(p.command.Env, variable)
		}
	}
	p.command.Env = append(p.command.Env, variables...)
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		VersionedPlugins: map[int]plugin.PluginSet{6: {"provider": dispenser{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Cmd:              p.command,
		Logger:           hclog.NewNullLogger(),
		Stderr:           logs,
		SkipHostEnv:      true, // it would come after the variables, and win
	})
	if err := p.connect(); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return p, nil
}

func (p *process) connect() error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense("provider")
	if err != nil {
		return err
	}
	connection, ok := dispensed.(*grpc.ClientConn)
	if !ok {
		return fmt.Errorf("got a %T", dispensed)
	}
	p.connection = connection
	return nil
}

func (p *process) stop() { p.client.Kill() }

// dispenser hands out the connection itself: the types of Terraform's messages are not public in Go.
type dispenser struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements [plugin.GRPCPlugin].
func (dispenser) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is a client")
}

// GRPCClient implements [plugin.GRPCPlugin].
func (dispenser) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return connection, nil
}

// encoded passes messages on as they are.
type encoded struct{}

// Name implements the interface of grpc's codecs.
func (encoded) Name() string { return "proto" }

// Marshal implements the interface of grpc's codecs.
func (encoded) Marshal(message any) ([]byte, error) {
	text, ok := message.([]byte)
	if !ok {
		return nil, fmt.Errorf("a message of type %T", message)
	}
	return text, nil
}

// Unmarshal implements the interface of grpc's codecs.
func (encoded) Unmarshal(text []byte, message any) error {
	into, ok := message.(*[]byte)
	if !ok {
		return fmt.Errorf("a message of type %T", message)
	}
	*into = bytes.Clone(text)
	return nil
}

// The numbers of fields are those of tfplugin6.proto.

// schema asks for the provider's schema and throws it away.
func (p *process) schema(ctx context.Context) error {
	_, err := p.call(ctx, "GetProviderSchema", nil)
	return err
}

// configure configures the provider, whose arguments are all null: the environment has them.
func (p *process) configure(ctx context.Context, schema *tfprotov6.Schema) error {
	configuration, err := arguments{}.of(schema)
	if err != nil {
		return err
	}
	reply, err := p.call(ctx, "ConfigureProvider", dynamicValue(nil, configuration))
	return errors.Join(err, diagnosed(reply))
}

// open opens a goto_access_token.
func (p *process) open(ctx context.Context, schema *tfprotov6.Schema, given arguments) error {
	configuration, err := given.of(schema)
	if err != nil {
		return err
	}
	request := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "goto_access_token")
	reply, err := p.call(ctx, "OpenEphemeralResource", dynamicValue(request, configuration))
	return errors.Join(err, diagnosed(reply))
}

func (p *process) call(ctx context.Context, method string, request []byte) (reply []byte, err error) {
	err = p.connection.Invoke(ctx, "/tfplugin6.Provider/"+method, request, &reply, grpc.ForceCodec(encoded{}))
	return reply, err
}

// dynamicValue appends a configuration, which is field 2 of every request that has one.
func dynamicValue(request []byte, configuration *tfprotov6.DynamicValue) []byte {
	value := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), configuration.MsgPack)
	return protowire.AppendBytes(protowire.AppendTag(request, 2, protowire.BytesType), value)
}

// diagnosed returns the diagnostics in a reply, which are its fields 1, as an error.
func diagnosed(reply []byte) error {
	for len(reply) > 0 {
		number, kind, size := protowire.ConsumeTag(reply)
		if size < 0 {
			return protowire.ParseError(size)
		}
		whole := protowire.ConsumeFieldValue(number, kind, reply[size:])
		if whole < 0 {
			return protowire.ParseError(whole)
		}
		if number == 1 {
			return fmt.Errorf("the provider says %q", reply[size:size+whole])
		}
		reply = reply[size+whole:]
	}
	return nil
}

// residentMemory returns the memory that the process has in RAM, in bytes.
func (p *process) residentMemory() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("measuring memory, which needs Linux: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kibibytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return float64(kibibytes) * 1024, err
		}
	}
	return 0, errors.New("the process has no VmRSS")
}
