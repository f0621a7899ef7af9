using PublicApi.Tests.Own;
using TorchSharp;

namespace PublicApi.Tests;

/// <summary>Registers this project's parts, and takes one thread: the tests' classes run side by side.</summary>
public sealed class OwnPartsFixture
{
    public OwnPartsFixture()
    {
        OwnParts.Register();
        torch.set_num_threads(1);
    }
}
