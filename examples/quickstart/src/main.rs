//! The program: `cargo run -p quickstart`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let graph = quickstart::graph::read(&Default::default())?;
    println!("{} packages, {} dependencies", graph.packages.len(), graph.edges.len());
    Ok(())
}
