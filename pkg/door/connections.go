// SPDX-License-Identifier: Apache-2.0

package door

import (
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Connections are the limits of a listener.
type Connections struct {
	Most    int // at once; further ones wait in the kernel's queue
	Network int // of one public network at once (see Network); further ones are closed
}

// OfDescriptors are the limits that leave half of the file descriptors which this
// process may open to files, the log and those it calls: at most 20,000, of which
// an eighth, but no fewer than 64, for one network. A school, an office or a
// mobile network may stand behind one address.
func OfDescriptors() Connections { return Upto(descriptors()) }

// Upto are the limits with a number of connections at once; with 0 OfDescriptors.
func Upto(most int) Connections {
	if most <= 0 {
		return OfDescriptors()
	}
	return Connections{Most: most, Network: max(64, most/8)}
}

func descriptors() int {
	const enough = 20_000
	var of syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &of); err != nil {
		return 512
	}
	return int(min(enough, max(64, of.Cur/2)))
}

// Events are what a listener tells of.
type Events struct {
	Refused func() // a connection was closed because its network has enough of them
	Full    func() // nine of ten seats are taken: idle connections should go; at most once a second
}

// Listener lets a number of connections through.
type Listener struct {
	net.Listener
	limits Connections
	events Events
	seats  chan struct{}
	closed chan struct{}
	once   sync.Once
	told   time.Time // when Full was called last; of Accept alone

	mu sync.Mutex
	of map[netip.Prefix]int
}

// Limit returns a listener of another with limits. Accept is to be called by one
// goroutine, as a server does.
func Limit(l net.Listener, limits Connections, events Events) *Listener {
	return &Listener{
		Listener: l, limits: limits, events: events,
		seats: make(chan struct{}, limits.Most), closed: make(chan struct{}), of: map[netip.Prefix]int{},
	}
}

// Accept waits for a free seat, and then for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	if err := l.seat(); err != nil {
		return nil, err
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.seats
			return nil, err
		}
		from := public(c.RemoteAddr())
		if l.admit(from) {
			leave := sync.OnceFunc(func() { l.leave(from); <-l.seats })
			if tcp, ok := c.(*net.TCPConn); ok {
				return &seatedTCP{tcp, leave}, nil
			}
			return &seated{c, leave}, nil
		}
		l.events.Refused()
		_ = c.Close() // refused: whatever else is wrong with it
	}
}

// seat takes a seat, and has those that idle leave when there are few.
func (l *Listener) seat() error {
	const pause = time.Second
	for {
		if len(l.seats)*10 >= l.limits.Most*9 && time.Since(l.told) >= pause {
			l.told = time.Now()
			l.events.Full()
		}
		select {
		case l.seats <- struct{}{}:
			return nil
		case <-l.closed:
			return net.ErrClosed
		case <-time.After(pause):
		}
	}
}

// Close closes the listener; who waits for a seat is told.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *Listener) admit(from netip.Prefix) bool {
	if !from.IsValid() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[from] >= l.limits.Network {
		return false
	}
	l.of[from]++
	return true
}

func (l *Listener) leave(from netip.Prefix) {
	if !from.IsValid() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

// public is the network of a public address; the zero Prefix for any other.
func public(a net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(a.String())
	if from := at.Addr().Unmap().WithZone(""); err == nil && !Manifold(from) {
		return Network(from)
	}
	return netip.Prefix{}
}

// seated is a connection that gives its seat back when it is closed; seatedTCP is
// one that can do all that a server uses of TCP.
type (
	seated struct {
		net.Conn
		leave func()
	}
	seatedTCP struct {
		*net.TCPConn
		leave func()
	}
)

func (c *seated) Close() error { defer c.leave(); return c.Conn.Close() }

func (c *seatedTCP) Close() error { defer c.leave(); return c.TCPConn.Close() }
