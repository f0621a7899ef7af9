namespace TorchSharp.Interop;

/// <summary>mt::Device; a type of -1 is "not given".</summary>
internal readonly record struct NativeDevice(int Type, int Index)
{
    internal static NativeDevice From(torch.Device? device) => device is null ? new(-1, -1) : new((int)device.type, device.index);
}
