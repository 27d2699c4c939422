//! Networks of IP addresses, such as `10.0.0.0/8`, as k8s.io/apiserver reads them. Host bits may be set.

use super::{Call, Fault, Gives, Overload, ip, tenth};
use crate::Kind::{Bool, Cidr as C, Int, Ip, Text};
use crate::{Object, Value};
use ipnet::IpNet;

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("1.30", "cidr", &[Text], Gives::A(C), |call, args| {
        let network = read(call, args[0])?;
        Ok(call.object(Object::Cidr(network)))
    }),
    Overload::method("1.30", "containsCIDR", &[C, C], Gives::A(Bool), contains_cidr),
    Overload::method("1.30", "containsCIDR", &[C, Text], Gives::A(Bool), contains_cidr),
    Overload::method("1.30", "containsIP", &[C, Ip], Gives::A(Bool), contains_ip),
    Overload::method("1.30", "containsIP", &[C, Text], Gives::A(Bool), contains_ip),
    Overload::method("1.30", "ip", &[C], Gives::A(Ip), |call, args| {
        Ok(call.object(Object::Ip(network(args[0])?.addr())))
    }),
    Overload::function("1.30", "isCIDR", &[Text], Gives::A(Bool), |call, args| match read(call, args[0]) {
        Err(Fault::Invalid(_)) => Ok(Value::Bool(false)),
        other => other.map(|_| Value::Bool(true)),
    }),
    Overload::method("1.30", "masked", &[C], Gives::A(C), |call, args| {
        Ok(call.object(Object::Cidr(network(args[0])?.trunc())))
    }),
    Overload::method("1.30", "prefixLength", &[C], Gives::A(Int), |_, args| {
        Ok(Value::Int(network(args[0])?.prefix_len().into()))
    }),
    Overload::function("1.30", "string", &[C], Gives::A(Text), |call, args| {
        Ok(call.text(&network(args[0])?.to_string()))
    }),
];

fn contains_ip<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    call.charge(2)?;
    let address = ip::read(call, args[1])?;
    Ok(Value::Bool(network(args[0])?.contains(&address)))
}

fn contains_cidr<'a>(call: &mut Call<'a, '_>, args: &[Value<'a>]) -> Result<Value<'a>, Fault> {
    call.charge(2)?;
    let inner = read(call, args[1])?;
    Ok(Value::Bool(network(args[0])?.contains(&inner)))
}

fn network(value: Value<'_>) -> Result<IpNet, Fault> {
    if let Value::Object(Object::Cidr(network)) = value { Ok(*network) } else { Err(Fault::NoSuchOverload) }
}

/// The network that a text is, or an argument that is one.
fn read(call: &mut Call<'_, '_>, value: Value<'_>) -> Result<IpNet, Fault> {
    let Value::Text(text) = value else { return network(value) };
    call.charge(tenth(text.len()))?;
    parse(text).ok_or(Fault::Invalid("a network such as `10.0.0.0/8`"))
}

fn parse(text: &str) -> Option<IpNet> {
    let (address, length) = text.rsplit_once('/')?;
    let plain = length.bytes().all(|digit| digit.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    IpNet::new(ip::parse(address)?, plain.then(|| length.parse().ok())??).ok()
}
