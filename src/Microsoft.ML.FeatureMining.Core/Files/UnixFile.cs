using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>What .NET does not say about a file on Linux: whether it is a regular file, its owner, and whether this process may write it.</summary>
/// <param name="IsRegular">False for a device, a pipe or a socket.</param>
/// <param name="User">The number of the owner.</param>
/// <param name="Group">The number of the group.</param>
/// <param name="IsWritable">Whether its permissions let this process write it.</param>
/// <param name="Identity">Device and inode: the same for every path that leads to the file or folder.</param>
internal readonly record struct UnixFile(bool IsRegular, uint User, uint Group, bool IsWritable, (ulong Device, ulong Inode) Identity)
{
    // Offsets in the kernel's struct statx, which has 256 bytes.
    private const int StatxBytes = 256;
    private const int UserAt = 20;
    private const int GroupAt = 24;
    private const int ModeAt = 28;
    private const int InodeAt = 32;
    private const int DeviceAt = 136;

    private const int CurrentFolder = -100;
    private const uint TypeModeOwnerAndInode = 0x11F;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;
    private const int WriteAccess = 2;

    /// <summary>Null if the file does not exist, or on another system.</summary>
    public static UnixFile? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        byte[] facts = new byte[StatxBytes];
        if (StatX(CurrentFolder, path, 0, TypeModeOwnerAndInode, facts) != 0)
        {
            return null;
        }

        bool isRegular = (BitConverter.ToUInt16(facts, ModeAt) & TypeMask) == RegularType;
        return new UnixFile(
            isRegular,
            BitConverter.ToUInt32(facts, UserAt),
            BitConverter.ToUInt32(facts, GroupAt),
            Access(path, WriteAccess) == 0,
            (BitConverter.ToUInt64(facts, DeviceAt), BitConverter.ToUInt64(facts, InodeAt))
        );
    }

    /// <summary>Gives a file the owner and the group of this one, as far as this process may do that.</summary>
    public void GiveOwnerTo(string path)
    {
        if (ChangeOwner(path, User, Group) != 0)
        {
            // Only root may give files away; a group needs to be one of the user's.
            _ = ChangeOwner(path, uint.MaxValue, Group);
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] facts);

    [DllImport("libc", EntryPoint = "access")]
    private static extern int Access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    [DllImport("libc", EntryPoint = "chown")]
    private static extern int ChangeOwner([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);
}
