package db

// MisrememberHome makes every idle connection believe that it leads to another server, as one does that has survived a
// failover behind a pooler.
func MisrememberHome(p *Pool) {
	p.conns.mu.Lock()
	defer p.conns.mu.Unlock()
	for _, c := range p.conns.idle {
		c.pg.PgConn().CustomData()[clusterKey] = "elsewhere/00000001"
	}
}
