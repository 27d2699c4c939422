//! Ingresses: one names a Service that is not there, by one letter; and a slice that still holds the address of a pod long gone.

use serde_json::json;

use super::Maker;

pub(super) fn add(maker: &mut Maker) {
    let meta = maker.meta("", "nginx", 400 * 24 * 60);
    maker.add("networking.k8s.io/v1", "IngressClass", meta, json!({"spec": {"controller": "k8s.io/ingress-nginx"}}));
    for (namespace, name, host, backend) in
        [("shop", "storefront", "shop.example.com", "chekout"), ("payments", "api", "pay.example.com", "api")]
    {
        let meta = maker.meta(namespace, name, 200 * 24 * 60);
        let path = json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"name": "http"}}}});
        let spec = json!({"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}],
            "tls": [{"hosts": [host], "secretName": format!("{name}-tls")}]});
        maker.add("networking.k8s.io/v1", "Ingress", meta, json!({"spec": spec, "status": {"loadBalancer": {}}}));
    }
    let mut meta = maker.meta("internal", "mailer-old", 100 * 24 * 60);
    meta["labels"] = json!({"kubernetes.io/service-name": "mailer", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"});
    let uid = maker.uid();
    let slice = json!({"addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": [{
        "addresses": ["10.244.2.201"], "conditions": {"ready": true, "serving": true, "terminating": false}, "nodeName": "worker-2",
        "targetRef": {"kind": "Pod", "namespace": "internal", "name": "mailer-5f7c8d9b4-x2k7q", "uid": uid}}]});
    maker.add("discovery.k8s.io/v1", "EndpointSlice", meta, slice);
}
