use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::*;

fn through(proxy: SocketAddr) -> ClientOptions {
    ClientOptions { proxies: Proxies::All(format!("http://user:pa%20ss@{proxy}")), ..options() }
}

/// A proxy that opens a tunnel to `to`, whatever it is asked for.
async fn tunnel_to(to: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        record.lock().unwrap().push(request);
        stream.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.unwrap();
        let mut target = TcpStream::connect(to).await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut target).await;
    });
    (address, seen)
}

#[tokio::test]
async fn plain_http_is_asked_of_the_proxy_in_absolute_form() {
    let proxy = Scripted::answering(OK).await;
    let outcome = send(through(proxy.address), &url("http://hooks.example:8080/")).await;
    assert_eq!(outcome.response.unwrap().body, "ok");
    let request = &proxy.seen()[0];
    assert!(request.starts_with("POST http://hooks.example:8080/hook HTTP/1.1\r\nhost: hooks.example:8080\r\n"));
    assert!(request.contains("proxy-authorization: Basic dXNlcjpwYSBzcw==\r\n"), "{request}");
}

#[tokio::test]
async fn https_goes_through_a_tunnel_in_which_the_proxy_sees_nothing() {
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (proxy, seen) = tunnel_to(target.local_addr().unwrap()).await;
    let sending = tokio::spawn(async move { send(through(proxy), &url("https://hooks.example/")).await });
    let (mut stream, _) = target.accept().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 0x16, "a TLS handshake record");
    drop(stream);
    assert_eq!(kind(&sending.await.unwrap()), FailureKind::Tls);
    let request = seen.lock().unwrap().remove(0);
    assert_eq!(
        request,
        "CONNECT hooks.example:443 HTTP/1.1\r\nHost: hooks.example:443\r\n\
         Proxy-Authorization: Basic dXNlcjpwYSBzcw==\r\n\r\n"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_not_there_is_a_proxy_failure() {
    let proxy = Scripted::answering("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    let outcome = send(through(proxy.address), &url("https://hooks.example/")).await;
    assert_eq!(kind(&outcome), FailureKind::Proxy);
    assert!(message(&outcome).contains("asks for a user and password"), "{outcome:?}");
    let nobody = SocketAddr::from(([127, 0, 0, 1], free_port().await));
    let outcome = send(through(nobody), &url("http://hooks.example/")).await;
    assert_eq!(kind(&outcome), FailureKind::Proxy);
    assert!(message(&outcome).contains("connection refused by"), "{outcome:?}");
    assert!(hint(&outcome).ends_with("NO_PROXY=hooks.example"));
    let socks = ClientOptions { proxies: Proxies::All("socks5://127.0.0.1:1".into()), ..options() };
    let outcome = send(socks, &url("http://hooks.example/")).await;
    assert!(message(&outcome).contains("socks5 proxies are not supported"), "{outcome:?}");
}

#[tokio::test]
async fn a_target_on_this_machine_is_reached_without_the_proxy() {
    let app = Scripted::answering(OK).await;
    let proxy = Scripted::answering(OK).await;
    for host in ["127.0.0.1", "localhost", "app.localhost"] {
        let target = url(format!("http://{host}:{}/", app.address.port()));
        assert!(send(through(proxy.address), &target).await.error.is_none());
    }
    assert_eq!((app.seen().len(), proxy.seen().len()), (3, 0));
}

#[tokio::test]
async fn a_proxy_may_not_be_one_of_the_own_ports() {
    let proxy = Scripted::answering(OK).await;
    let options = ClientOptions { forbid: vec![proxy.address], ..through(proxy.address) };
    assert!(send(options, &url("http://hooks.example/")).await.error.is_some());
    assert_eq!(proxy.seen().len(), 0);
}
